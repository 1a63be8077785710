"""What the forms of stored value and packs need beside what is typed: stores to choose from, ids that come back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tessera.plugin import Form, actor, local_day, stores
from tessera_hooks import Text, _
from tessera_wallet import typed
from tessera_wallet.desk import wrong


def amount(form: Form, field: str, currency: str, *, default: int | None = None) -> int:
    """An amount in minor units that is needed, unless there is one to fall back on."""
    found = typed.money(form, field, currency, default)
    if found is None:
        raise wrong(field, typed.an_amount(currency))
    return found


def whole(form: Form, field: str, *, default: int | None = None) -> int:
    """A whole number that is needed, unless there is one to fall back on."""
    found = typed.count(form, field, default)
    if found is None:
        raise wrong(field, _("write a whole number"))
    return found


def ways() -> list[tuple[str, Text | str]]:
    """The ways in which money comes in and goes out."""
    return typed.methods()


def method(form: Form) -> str:
    """The way to pay that was chosen; without one the form is refused at that field."""
    if not form["method"]:
        raise wrong("method", _("choose how it is paid"))
    return form["method"]


def store_choices() -> list[tuple[str, str]]:
    """The open stores of the business, by code."""
    return [(store.code, store.name) for store in stores() if store.active]


def where() -> dict[str, Any]:
    """What a form at the desk needs to ask for a store: nothing where it is known."""
    choices = store_choices()
    return {"stores": choices if actor().store is None and len(choices) > 1 else []}


def id_or_none(text: str) -> UUID | None:
    """An id that a form brings back, or nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None


def last_day(expires_at: datetime, zone: str) -> date:
    """The last day on which something can be used, for what is gone at the midnight after it."""
    return local_day(expires_at - timedelta(microseconds=1), zone)
