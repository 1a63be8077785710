"""Pages of purchases, shifts and reports."""

from tessera.purchases.screens import buying, shifts

handlers = [*buying.handlers, *shifts.handlers]
