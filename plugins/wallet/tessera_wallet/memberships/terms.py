"""The arithmetic of terms and holds: pure, of calendar days, whatever clocks do in between.

A term of months or years that begins on a day ends on the day before the day of the same number: begun on 15 January
for a month, its last day is 14 February. Where that month has no such day, the term ends with the month: begun on
31 January, its last day is 28 February, or 29 February in a leap year; begun on 29 February for a year, 28 February.
So nobody gets less than the month that they were sold. Renewals count on from the first day, so that they do not
drift: 31 January and two months end on 30 March.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)

UNITS = ("days", "months", "years")
LONGEST = {"days": 3660, "months": 120, "years": 10}
"""The longest term of each unit."""

Span = tuple[date, date]
"""Days, both inclusive."""


@dataclass(frozen=True)
class Term:
    """A term that was paid: how long, for what price in minor units, and its days once it runs."""

    unit: str
    n: int
    price: int
    days: int | None = None


def after_months(begin: date, months: int) -> date:
    """The first day after so many months: the day of the same number, or the first of the month after."""
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    month += 1
    if begin.day <= monthrange(year, month)[1]:
        return date(year, month, begin.day)
    return date(year, month, monthrange(year, month)[1]) + DAY


def lengths(begin: date, terms: Iterable[tuple[str, int]]) -> list[int]:
    """The days of terms that follow one another from a day on, without holds."""
    found, at, anchor, months = [], begin, begin, 0
    for unit, n in terms:
        if unit == "days":
            then = anchor = at + n * DAY
            months = 0
        else:
            months += n * (12 if unit == "years" else 1)
            then = after_months(anchor, months)
        found.append((then - at).days)
        at = then
    return found


def days_within(spans: Iterable[Span], first: date, last: date) -> int:
    """How many days of spans that do not overlap lie between two days, both inclusive."""
    return sum(max(0, (min(until, last) - max(since, first)).days + 1) for since, until in spans)


def end_of(begin: date, terms: Sequence[Term], holds: Iterable[Span]) -> date:
    """The last day: every day that was paid, and one more for each day of a hold."""
    held = sum((until - since).days + 1 for since, until in holds)
    return begin + (sum(term.days or 0 for term in terms) + held - 1) * DAY


def used_days(begin: date, day: date, holds: Iterable[Span]) -> int:
    """The days before ``day`` on which it could be used: those of holds do not count."""
    if day <= begin:
        return 0
    return (day - begin).days - days_within(holds, begin, day - DAY)


def value_left(begin: date | None, terms: Sequence[Term], holds: Iterable[Span], day: date) -> int:
    """What the days from ``day`` on are worth, in minor units: of each term its price × unused days ÷ its days.

    The terms are used up in order, so that what is unused is of the last ones. The sum is exact and rounded once,
    half up. What has not begun is worth all that was paid.
    """
    if begin is None:
        return sum(term.price for term in terms)
    used, worth = used_days(begin, day, holds), Fraction(0)
    for term in terms:
        days = term.days or 0
        of_this = min(days, used)
        used -= of_this
        worth += Fraction(term.price * (days - of_this), days) if days else 0
    return int(worth + Fraction(1, 2))


def by_year(span: Span) -> dict[int, int]:
    """How many days of a span lie in each calendar year."""
    return {
        year: days_within([span], date(year, 1, 1), date(year, 12, 31))
        for year in range(span[0].year, span[1].year + 1)
    }


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a day."""
    return one[0] <= other[1] and other[0] <= one[1]
