"""Money as an integer of minor units with its currency; how people write it and how it is shown to them."""

from __future__ import annotations

import re
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


_WIDE = str.maketrans("０１２３４５６７８９．，－−", "0123456789.,--")
"""What Chinese keyboards write for digits, points and signs."""

_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)", re.ASCII)
_SIGNS = re.compile(r"^([+-]?)[¥￥$€£]")

LONGEST_TYPED = 24
"""Characters of a number; what is longer nobody means, and it would not fit the arithmetic of amounts."""


def read_number(text: str) -> Decimal:
    """A number as people type it: ``1,250.50``, ``12,5``, ``¥18``, ``１２``; ``ValueError`` for what is none.

    Commas before groups of three digits part thousands, which is how pages show them; a single other comma is a
    point. One reader for all forms, because ``12,50`` that one page takes for 12.5 and another for 1250 costs money.
    """
    plain = _SIGNS.sub(r"\1", text.strip().translate(_WIDE).replace(" ", ""))
    if len(plain) > LONGEST_TYPED:
        raise ValueError(text)
    if _IN_THOUSANDS.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    if _PLAIN.fullmatch(plain):
        return Decimal(plain.replace(",", "."))
    raise ValueError(text)


def example_amount(currency: str) -> str:
    """An amount as one types it in a currency, with as many decimals as it has: ``12.50``, ``1250``."""
    return str(Decimal(1250).scaleb(-minor_digits(currency)))
