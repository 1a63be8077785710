"""Until when a credit lasts: every policy of expiry, as midnights of the business's zone."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from tessera.kernel import clock
from tessera_hooks import Expiry

LAST_YEAR = 9000
"""Beyond this year nothing expires: calendars end at 9999."""


def last_day(expiry: Expiry, day: date) -> date | None:
    """The last day on which a credit of some day can be spent; ``None``: for ever.

    Whoever reads "expires on 31 December" may spend on that day: a credit is gone at the midnight after it.
    """
    match expiry.kind:
        case "on":
            return expiry.day
        case "days" | "inactivity":
            return day + timedelta(days=expiry.n) if expiry.n < (LAST_YEAR - day.year) * 365 else None
        case "months":
            return _month(day, expiry.n, at_most=day.day)
        case "month_end":
            return _month(day, expiry.n)
        case "year_end":
            return date(day.year + max(expiry.n, 1) - 1, 12, 31) if day.year + expiry.n < LAST_YEAR else None
        case _:
            return None


def _month(day: date, months: int, at_most: int = 31) -> date | None:
    """A day of the month so many later, or its last one where it is shorter."""
    year, place = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= LAST_YEAR:
        return None
    return date(year, place + 1, min(at_most, monthrange(year, place + 1)[1]))


def expires(expiry: Expiry, at: datetime, zone: str) -> datetime | None:
    """The first moment at which a credit of some moment is gone; ``None``: never.

    Earned on 6 July 2020, with twelve months to the end of the month it is gone on 1 August 2021 at 00:00.
    """
    last = last_day(expiry, clock.local_day(at, zone))
    return None if last is None else clock.midnight(last + timedelta(days=1), zone)
