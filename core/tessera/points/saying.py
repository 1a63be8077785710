"""Amounts and days of the ledger in the language in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from tessera.kernel import clock
from tessera.kernel.business import business, say_money
from tessera.kernel.texts import current_locale
from tessera.points.units import find_unit


def say_amount(amount: int, unit: str) -> str:
    """An amount of a unit as people read it: ``1,200``, ``¥12.50``, ``2.5``."""
    known = find_unit(unit)
    if known is not None and known.currency is not None:
        return say_money(amount, known.currency)
    shown = Decimal(amount).scaleb(-known.scale) if known is not None and known.scale else Decimal(amount)
    return format_decimal(shown, locale=current_locale())


def say_day(at: datetime) -> str:
    """The day of a moment in the business's zone."""
    return format_date(clock.local_day(at, business().timezone), "medium", locale=current_locale())


def say_last_day(expires_at: datetime) -> str:
    """The last day on which something can be spent that is gone at a moment."""
    return say_day(expires_at - timedelta(microseconds=1))
