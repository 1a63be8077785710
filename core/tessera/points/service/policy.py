"""How much is earned and how long it lasts: rate, multiplier, rounding and expiry."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import floor, prod
from typing import Any

from tessera.kernel import clock
from tessera.kernel.business import business, setting
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins import host
from tessera_hooks import Award

DEFAULT_EXPIRY_MONTHS = 24
DEFAULT_PER_UNIT = "1"


def expiry_months() -> int | None:
    """Full months that points last after the month in which they were earned; ``None``: they never expire.

    The setting ``points.expiry_months``; 0 means never.
    """
    return int(setting("points.expiry_months", DEFAULT_EXPIRY_MONTHS)) or None


def expires_at(earned_at: datetime, months: int | None, zone: str) -> datetime | None:
    """The first moment at which points are gone: the local midnight after the last month's end.

    Earned on 6 July 2020 with 12 months, they expire on 1 August 2021 at 00:00.
    """
    if months is None:
        return None
    day = clock.local_day(earned_at, zone)
    after = day.year * 12 + day.month - 1 + months + 1
    return clock.midnight(date(after // 12, after % 12 + 1, 1), zone)


def per_unit(currency: str) -> Fraction:
    """Points for one whole unit of a currency: the setting ``points.per_unit.CNY``, else ``points.per_unit``."""
    value = setting(f"points.per_unit.{currency}", setting("points.per_unit", DEFAULT_PER_UNIT))
    try:
        return Fraction(Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError):
        return Fraction(DEFAULT_PER_UNIT)


def multiplier(award: Award) -> Fraction:
    """The product of what plugins answer; one that is enabled elsewhere only is not asked."""
    answers = host().answers("points_multiplier", store=award.store, award=award)
    return prod((Fraction(factor) for _, factor in answers), start=Fraction(1))


def points_for(award: Award) -> tuple[int, dict[str, Any]]:
    """The points of an award, with what they were computed from.

    Amount in whole units x rate x multiplier, exact throughout and rounded down once, at the end.
    """
    rate, factor = per_unit(award.currency), multiplier(award)
    units = Fraction(award.amount, 10 ** minor_digits(award.currency))
    facts = {
        "amount": award.amount,
        "currency": award.currency,
        "per_unit": str(rate),
        "multiplier": str(factor),
        "months": expiry_months(),
        "zone": business().timezone,
    }
    return max(0, floor(units * rate * factor)), facts
