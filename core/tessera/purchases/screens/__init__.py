"""Pages of purchases, shifts and reports."""

from tessera.purchases.screens import buying, reports, shifts

handlers = [*buying.handlers, *shifts.handlers, *reports.handlers]
