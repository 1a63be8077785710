"""Stores and their circles: few rows, remembered by every process until they change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import Actor, actor
from tessera.kernel import clock, generation
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.ids import uuid7
from tessera.kernel.money import minor_digits
from tessera_hooks import Text, _

DEFAULT_CIRCLE = "main"
CODE = re.compile(r"[\w][\w.-]{0,39}\Z")


class StoreUnknown(NotFound):
    """There is no store of that code."""

    code = "store_unknown"


class StoreTaken(Conflict):
    """A store of that code exists."""

    code = "store_taken"


@dataclass(frozen=True)
class StoreFacts:
    """A store as every part of Tessera may know it."""

    id: UUID
    code: str
    name: str
    timezone: str
    currency: str
    circle: UUID
    active: bool


_stores: dict[UUID, StoreFacts] = {}


async def read_stores() -> None:
    """Read all stores anew."""
    rows = await fetch("SELECT id, code, name, timezone, currency, circle, active FROM store ORDER BY name, code")
    fresh = {row["id"]: StoreFacts(**dict(row)) for row in rows}
    _stores.clear()
    _stores.update(fresh)


generation.on_change(read_stores)


def stores() -> list[StoreFacts]:
    """All stores by name, closed ones too."""
    return list(_stores.values())


def store_of(store: UUID | None) -> StoreFacts | None:
    """The store of an id; ``None`` where it is unknown or none was given."""
    return _stores.get(store) if store is not None else None


def stores_known() -> list[StoreFacts]:
    """The stores that the actor may know of: across circles nothing exists, not even a name."""
    mine = actor().stores if actor().kind in ("staff", "key") else None
    if mine is None:
        return list(_stores.values())
    circles = {_stores[store].circle for store in mine if store in _stores}
    return [store for store in _stores.values() if store.circle in circles]


def store_by_code(code: str) -> StoreFacts:
    """The store that is called so, whatever the case of its letters, among those that the actor may know of."""
    for store in stores_known():
        if store.code.casefold() == code.strip().casefold():
            return store
    known = ", ".join(store.code for store in stores_known()) or "–"
    raise StoreUnknown(_('there is no store "{code}": the stores are {known}', code=code, known=known))


def stores_of(someone: Actor) -> list[StoreFacts]:
    """The open stores that a person works in."""
    allowed = someone.stores
    return [s for s in _stores.values() if s.active and (allowed is None or s.id in allowed)]


def store_for(code: str | None, permission: str) -> StoreFacts | None:
    """The store that was named, else where the actor works, else the only one; refused without the right to it."""
    if code:
        try:
            store: StoreFacts | None = store_by_code(code)
        except StoreUnknown as problem:
            raise Invalid(problem.message, [FieldError("store", problem.message)]) from None
    else:
        store = _implied()
    actor().needs(permission, store.id if store else None)
    return store


def _implied() -> StoreFacts | None:
    if actor().store is not None:
        return store_of(actor().store)
    mine = stores_of(actor())
    if len(mine) == 1:
        return mine[0]
    if actor().stores is not None:
        message = _("name the store: this key works in several")
        raise Invalid(message, [FieldError("store", message)])
    return None


def circle_mates(store: UUID) -> frozenset[UUID]:
    """The stores of the same circle, itself among them."""
    here = _stores[store].circle
    return frozenset(s.id for s in _stores.values() if s.circle == here)


def check_code(code: str) -> str:
    """A code as it is stored, or a refusal that shows how one looks."""
    cleaned = code.strip()
    if not CODE.match(cleaned):
        message = _("write a short code of letters, digits, dots and dashes, such as XH or store-2")
        raise Invalid(message, [FieldError("code", message)])
    return cleaned


def check_name(name: str) -> str:
    """A name as it is stored."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 200:
        message = _("give a name of at most 200 characters")
        raise Invalid(message, [FieldError("name", message)])
    return cleaned


async def add_store(code: str, name: str, *, timezone: str = "", currency: str = "", circle: str = "") -> StoreFacts:
    """Open a store; zone and currency are the business's unless given, the circle is made where it is new."""
    code, name = check_code(code), check_name(name)
    timezone, currency = timezone or business().timezone, (currency or business().currency).upper()
    clock.zone(timezone)
    minor_digits(currency)
    store = uuid7()

    async def work() -> None:
        circle_id = await _circle(circle or DEFAULT_CIRCLE)
        added = await fetchval(
            "INSERT INTO store (id, code, name, timezone, currency, circle, active, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, true, $7) ON CONFLICT DO NOTHING RETURNING id",
            store,
            code,
            name,
            timezone,
            currency,
            circle_id,
            clock.now(),
        )
        if added is None:
            taken: Text = _('there is a store "{code}" already: choose another code', code=code)
            raise StoreTaken(taken, field="code")
        await audit.note("access.store_opened", subject=("store", store), store=store, code=code)
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()
    row = await fetchrow("SELECT id, code, name, timezone, currency, circle, active FROM store WHERE id = $1", store)
    return StoreFacts(**dict(row))


async def change_store(store: UUID, *, name: str, timezone: str, active: bool) -> None:
    """Rename a store, move its zone, close or open it; code and currency stay, for history names them."""
    name = check_name(name)
    clock.zone(timezone)

    async def work() -> None:
        changed = await execute(
            "UPDATE store SET name = $2, timezone = $3, active = $4 WHERE id = $1", store, name, timezone, active
        )
        if not changed:
            raise StoreUnknown(_("there is no such store"))
        fields = ["name", "timezone", "active"]
        await audit.note("access.store_changed", subject=("store", store), store=store, fields=fields, active=active)
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()


async def _circle(code: str) -> UUID:
    await execute(
        "INSERT INTO circle (id, code, name, created_at) VALUES ($1, $2, $2, $3) ON CONFLICT (code) DO NOTHING",
        uuid7(),
        check_code(code),
        clock.now(),
    )
    found: UUID = await fetchval("SELECT id FROM circle WHERE code = $1", code)
    return found
