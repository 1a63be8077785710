"""Pages of purchases, shifts and reports."""

from tessera.purchases.screens import buying

handlers = [*buying.handlers]
