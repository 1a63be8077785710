"""Until when a pack can be used, and what it is worth when it comes back: pure and exact."""

from __future__ import annotations

from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from tessera.plugin import local_day, midnight


def ends(validity: str, n: int, since: datetime, zone: str) -> datetime | None:
    """The first moment at which a pack is gone: the midnight after its last day, in the business's zone.

    Months end on the same day, clamped (31 January and one month: the end of 28 February).
    """
    if validity == "never":
        return None
    day = local_day(since, zone)
    last = day + (timedelta(days=n) if validity == "days" else relativedelta(months=n))
    return midnight(last + timedelta(days=1), zone)


def unused_bought(bought: int, gifted: int, left: int) -> int:
    """How many of the bought sessions are unused: bought ones are used before gifted ones."""
    used = bought + gifted - left
    return max(bought - used, 0)


def worth(price: int, bought: int, unused: int) -> int:
    """What is paid back for unused bought sessions: price × unused ÷ bought, gifted ones lapse.

    Exact, rounded down once to the minor unit: an unused pack is worth its price, and never more is paid back
    than was paid.
    """
    return price * unused // bought if bought else 0
