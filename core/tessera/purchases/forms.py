"""Amounts as people type them at a till, and as a form shows them again."""

from __future__ import annotations

from decimal import Decimal

from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import example_amount, minor_digits, read_number
from tessera.purchases.service.checking import LARGEST
from tessera_hooks import _


def minor_of(text: str, currency: str, field: str) -> int:
    """An amount in minor units; refused where it has more decimals than the currency."""
    try:
        amount = read_number(text)
    except ValueError:
        message = _("give an amount such as {example}", example=example_amount(currency))
        raise Invalid(message, [FieldError(field, message)]) from None
    minor = amount.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or abs(minor) > LARGEST:
        message = _("give an amount in {currency}, with no smaller parts than it has", currency=currency)
        raise Invalid(message, [FieldError(field, message)])
    return int(minor)


def typed(minor: int, currency: str) -> str:
    """Minor units as one would type them: ``12.50``."""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"
