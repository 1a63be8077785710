"""Pages of rewards: the catalogue and the terms in settings, redeeming at a member, what waits to be picked up."""

from tessera.points.rewards.screens import catalogue, paying, redeeming

handlers = [*catalogue.handlers, *paying.handlers, *redeeming.handlers]
