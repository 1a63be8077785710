"""The days over which a tier is counted, and when a qualification ends; all of it in days of the business's zone."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

import msgspec

from tessera.kernel import clock
from tessera.kernel.business import business, set_setting, setting
from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import _

SCHEME = "tiers.scheme"
"""The setting that holds the scheme."""

LONGEST = 120
"""Months, and MOST_DAYS days, that nobody needs more of."""

MOST_DAYS = 366


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """How members qualify.

    ``rolling`` counts the last ``months`` months and lasts as long; ``calendar`` counts the year that begins with
    ``month`` and lasts to its end. Whoever no longer meets their tier is warned ``warn_days`` before it ends, has
    ``grace_days`` after it, then goes down by ``one`` tier or to the one that is ``met``. Without ``requalify``
    nobody ever goes down.
    """

    kind: Literal["rolling", "calendar"] = "rolling"
    months: int = 12
    month: int = 1
    warn_days: int = 30
    grace_days: int = 0
    downgrade: Literal["one", "met"] = "one"
    requalify: bool = True


def scheme() -> Scheme:
    """The business's scheme."""
    return msgspec.convert(setting(SCHEME, {}), Scheme)


async def set_scheme(wanted: Scheme) -> None:
    """Change the scheme; qualifications that run already end when they were said to end."""
    limits = {"months": (1, LONGEST), "month": (1, 12), "warn_days": (0, MOST_DAYS), "grace_days": (0, MOST_DAYS)}
    for name, (low, high) in limits.items():
        if not low <= getattr(wanted, name) <= high:
            message = _("give a whole number from {low} to {high}", low=low, high=high)
            raise Invalid(message, [FieldError(name, message)])
    await set_setting(SCHEME, msgspec.to_builtins(wanted))


def add_months(day: date, months: int) -> date:
    """The same day some months later or earlier, the month's last where it has no such day."""
    after = day.year * 12 + day.month - 1 + months
    year, month = after // 12, after % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def counted_from(rules: Scheme, end: date) -> date:
    """The first day that counts where all before ``end`` does."""
    if rules.kind == "rolling":
        return add_months(end, -rules.months)
    last = date.fromordinal(end.toordinal() - 1)
    return date(last.year - (last.month < rules.month), rules.month, 1)


def ends_on(rules: Scheme, day: date) -> date | None:
    """The first day after a qualification that begins on a day; ``None`` where it has no end."""
    if not rules.requalify:
        return None
    if rules.kind == "rolling":
        return add_months(day, rules.months)
    return date(day.year + (day.month >= rules.month), rules.month, 1)


def tomorrow() -> date:
    """The day up to which all is counted that has happened."""
    return date.fromordinal(business().today().toordinal() + 1)


def counted_sql(rules: Scheme, end: str) -> str:
    """``counted_from`` as SQL over a date."""
    if rules.kind == "rolling":
        return f"({end} - make_interval(months => {rules.months}))::date"
    year = f"extract(year FROM {end} - 1)::int - (extract(month FROM {end} - 1) < {rules.month})::int"
    return f"make_date({year}, {rules.month}, 1)"


def ends_sql(rules: Scheme, day: str) -> str:
    """``ends_on`` as SQL over a date."""
    if not rules.requalify:
        return "NULL::date"
    if rules.kind == "rolling":
        return f"({day} + make_interval(months => {rules.months}))::date"
    year = f"extract(year FROM {day})::int + (extract(month FROM {day}) >= {rules.month})::int"
    return f"make_date({year}, {rules.month}, 1)"


def midnight(day: date) -> datetime:
    """The first moment of a day in the business's zone."""
    return _midnight(day, business().timezone)


@lru_cache(maxsize=1024)
def _midnight(day: date, zone: str) -> datetime:
    """Remembered: a night asks for few days many times."""
    return clock.midnight(day, zone)
