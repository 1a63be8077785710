"""What acts at the desk share: in which store, in which currency, paid how, for which reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.plugin import (
    FieldError,
    Forbidden,
    Invalid,
    StoreFacts,
    actor,
    business,
    midnight,
    store_by_code,
    stores,
    stores_known,
    take_money,
)
from tessera_hooks import _

LARGEST = 10**12
"""The largest amount in minor units that is taken for meant."""

MOST_WORDS = 200

NEVER = 9000
"""From this year on a day is one that other systems write where nothing ends."""


class Paid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of what was paid, in minor units, by its method."""

    method: str
    amount: int


def wrong(field: str, message: str) -> Invalid:
    """A refusal that belongs to one field."""
    return Invalid(message, [FieldError(field, message)])


def open_stores(permission: str) -> list[StoreFacts]:
    """The open stores in which the actor may do this."""
    return [store for store in stores() if store.active and actor().may_for_own(permission, store.id)]


def desk_store(given: str | None, permission: str) -> StoreFacts:
    """The store that something happens in: the one named by code, where one works now, or the only one."""
    allowed = open_stores(permission)
    wanted = store_by_code(given).id if given else actor().store
    if wanted is None and len(allowed) == 1:
        return allowed[0]
    if wanted is None:
        raise wrong("store", _("choose the store"))
    for store in allowed:
        if store.id == wanted:
            return store
    raise Forbidden(_("You may not do this here: it needs the permission {name}.", name=permission))


def currency_of(store: StoreFacts, given: str | None = None) -> str:
    """The currency that is taken in a store; another one is refused."""
    if given and given != store.currency:
        raise wrong("currency", _("{store} takes {currency} only", store=store.name, currency=store.currency))
    return store.currency or business().currency


def checked_amount(amount: int, field: str = "amount") -> int:
    """A whole amount above zero."""
    if not 0 < amount <= LARGEST:
        raise wrong(field, _("give a whole amount above zero"))
    return amount


def checked_words(text: str, field: str = "reason", *, needed: bool = True) -> str:
    """A short reason in one line."""
    cleaned = " ".join(text.split())
    if (needed and not cleaned) or len(cleaned) > MOST_WORDS or "\x00" in cleaned:
        raise wrong(field, _("say the reason in at most 200 characters"))
    return cleaned


def checked_payments(payments: Sequence[Paid], owed: int) -> list[Paid]:
    """The parts by which something was paid: together exactly what is owed, and none by what was paid ahead itself."""
    for part in payments:
        checked_amount(part.amount, "payments")
        if part.method.strip().startswith("wallet."):
            raise wrong("payments", _("what is paid ahead is not paid with stored value"))
        if not _is_money(part.method):
            raise wrong("payments", _("say how it was paid"))
    given = sum(part.amount for part in payments)
    if given != owed:
        raise wrong("payments", _("the payments add up to {given}, {owed} are owed", given=given, owed=owed))
    return list(payments)


async def take_payments(
    source: str, payments: Sequence[Paid], currency: str, *, member: UUID, store: UUID, subject: UUID, at: datetime
) -> None:
    """Note money taken, part by part, for what was sold; ``subject`` is the row that it paid for."""
    for part in payments:
        await take_money(source, part.method, part.amount, currency, member=member, store=store, subject=subject, at=at)


def checked_way_out(method: str) -> str:
    """The method by which money is paid out; never into stored value."""
    if not _is_money(method):
        raise wrong("method", _("say how it is paid out"))
    return method.strip()


def _is_money(method: str) -> bool:
    """Whether a method is one of the business's own: what plugins take themselves is settled at a till alone."""
    return bool(method.strip()) and len(method) <= 60 and "." not in method and "\x00" not in method


def as_rows(payments: Sequence[Paid]) -> list[dict[str, Any]]:
    """Payments as a row keeps them."""
    return [{"method": part.method, "amount": part.amount} for part in payments]


def ids_of(codes: Sequence[str]) -> list[str] | None:
    """Stores by code as a row keeps them; none chosen means every store."""
    return [str(store_by_code(code).id) for code in codes] or None


def codes_known(kept: Iterable[UUID | str]) -> list[str]:
    """The codes of stores that a row keeps, those left out of which the actor may not know."""
    known = {store.id: store.code for store in stores_known()}
    return [known[id_] for one in kept if (id_ := UUID(str(one))) in known]


def end_of(day: date) -> datetime | None:
    """The first moment after a day, in the business's zone; nothing where calendars end, which stands for never."""
    return None if day.year >= NEVER else midnight(day + timedelta(days=1), business().timezone)


def holds_in(kept: Sequence[str] | None, store: UUID | None) -> bool:
    """Whether what a row keeps of stores allows this one."""
    return kept is None or (store is not None and str(store) in kept)
