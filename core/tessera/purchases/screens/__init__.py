"""Pages of purchases, shifts and reports."""

from tessera.purchases.screens import buying, checking_in, claiming, reports, settings, shifts, staff

handlers = [
    *buying.handlers,
    *claiming.handlers,
    *shifts.handlers,
    *reports.handlers,
    *staff.handlers,
    *settings.handlers,
    *checking_in.handlers,
]
