"""Pages of purchases, shifts and reports."""

from tessera.purchases.screens import buying, checking_in, reports, shifts

handlers = [*buying.handlers, *shifts.handlers, *reports.handlers, *checking_in.handlers]
