"""Pages of tiers: their settings, rates, and one member's tier."""

from tessera.tiers.screens import member, rates, settings

handlers = [*settings.handlers, *rates.handlers, *member.handlers]
