"""Money as an integer of minor units with its currency; how it is shown to people."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import _


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """How many decimals a currency has (CNY 2, JPY 0), after ISO 4217 as CLDR gives it."""
    if currency not in get_global("all_currencies"):
        message = _('"{currency}" is no currency: give its ISO 4217 code such as "CNY"', currency=currency)
        raise Invalid(message, [FieldError("currency", message)])
    return get_currency_precision(currency)


def to_minor(amount: Decimal, currency: str) -> int:
    """An exact or finer amount as minor units, half up."""
    return int(amount.scaleb(minor_digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_minor(minor: int, currency: str, locale: str = "en") -> str:
    """An amount as people read it: ``¥12.50``."""
    amount = Decimal(minor).scaleb(-minor_digits(currency))
    return format_currency(amount, currency, locale=locale)
