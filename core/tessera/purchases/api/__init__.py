"""Purchases and returns as JSON."""

from tessera.purchases.api import returning, selling

handlers = [*selling.handlers, *returning.handlers]
