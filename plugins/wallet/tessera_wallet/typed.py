"""What people type into the wallet's pages: money, whole numbers, days, times of day, lines of words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from tessera.plugin import (
    Form,
    example_amount,
    method_titles,
    minor_digits,
    own_methods,
    read_number,
    store_of,
    stores,
    to_minor,
)
from tessera_hooks import Text, _
from tessera_wallet.desk import wrong

LARGEST = Decimal(10) ** 10


def money(form: Form, name: str, currency: str, otherwise: int | None = None) -> int | None:
    """An amount as one writes it, ``12.50``, in minor units; ``otherwise`` where nothing was typed."""
    if not form[name]:
        return otherwise
    try:
        value = read_number(form[name])
    except ValueError:
        raise wrong(name, an_amount(currency)) from None
    if abs(value) > LARGEST or value != round(value, minor_digits(currency)):
        raise wrong(name, an_amount(currency))
    return to_minor(value, currency)


def an_amount(currency: str) -> Text:
    """What to write where an amount is asked for."""
    return _("write an amount such as {example}", example=example_amount(currency))


def money_shown(minor: int | None, currency: str) -> str:
    """Minor units as one writes them into a form."""
    return "" if minor is None else str(Decimal(minor).scaleb(-minor_digits(currency)))


def count(form: Form, name: str, otherwise: int | None = None) -> int | None:
    """A whole number; ``otherwise`` where nothing was typed."""
    text = form[name]
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise wrong(name, _("write a whole number"))
    return int(text)


def day(form: Form, name: str) -> date | None:
    """A day as one chooses it; nothing where none was chosen."""
    if not form[name]:
        return None
    try:
        return date.fromisoformat(form[name])
    except ValueError:
        raise wrong(name, _("write a day such as 2026-01-31")) from None


def needed_day(form: Form, name: str) -> date:
    """A day that must be chosen."""
    found = day(form, name)
    if found is None:
        raise wrong(name, _("choose a day"))
    return found


def minute(form: Form, name: str, otherwise: int) -> int:
    """A time of day, ``16:30`` or ``24:00``, as a minute; ``otherwise`` where nothing was typed."""
    text = form[name]
    if not text:
        return otherwise
    hours, colon, minutes = text.partition(":")
    whole = f"{hours}{minutes or '0'}"
    if not (whole.isascii() and whole.isdecimal() and len(text) < 6 and int(minutes or 0) < 60):
        raise wrong(name, _("write a time such as 16:30"))
    return int(hours) * 60 + (int(minutes) if colon else 0)


def words(form: Form, name: str) -> list[str]:
    """One a line."""
    return [line.strip() for line in form[name].splitlines() if line.strip()]


def chosen_stores(form: Form, name: str = "stores") -> list[UUID]:
    """The stores that were ticked, by code."""
    by_code = {store.code: store.id for store in stores()}
    return [by_code[code] for code in form.all(name) if code in by_code]


def stores_shown(kept: Iterable[UUID | str] | None) -> list[str]:
    """Stores that a row keeps as they are ticked in a form; closed ones too."""
    found = (store_of(UUID(str(one))) for one in kept or ())
    return [store.code for store in found if store is not None]


def methods() -> list[tuple[str, Text | str]]:
    """The ways to pay that the business takes itself, with what they are called."""
    titles = method_titles(own_methods())
    return [(method, titles[method]) for method in own_methods()]
