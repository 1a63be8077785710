"""The periods in which a member gets a reward so many times, in the business's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from tessera.kernel import clock
from tessera_hooks import Text, _

PERIODS: Mapping[str, Text] = {
    "": _("all time"),
    "day": _("a day"),
    "week": _("a week"),
    "month": _("a month"),
    "year": _("a year"),
}
"""Periods by code; a week begins on Monday, and the empty one has no end."""


def begin_of(period: str, at: datetime, zone: str) -> datetime | None:
    """The first moment of the period that ``at`` lies in; ``None`` where everything counts."""
    day = clock.local_day(at, zone)
    first: date
    match period:
        case "day":
            first = day
        case "week":
            first = day - timedelta(days=day.weekday())
        case "month":
            first = day.replace(day=1)
        case "year":
            first = day.replace(month=1, day=1)
        case _:
            return None
    return clock.midnight(first, zone)
