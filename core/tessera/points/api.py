"""Balances and entries as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tessera.access.actor import actor
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service import account_of, need_visible
from tessera.points import service
from tessera.points.ledger import POINTS
from tessera_hooks import _


class ExpiringOut(msgspec.Struct):
    """An amount and the first moment at which it is gone."""

    amount: int
    at: datetime


class BalanceOut(msgspec.Struct):
    """What a member has of one unit."""

    available: int
    balance: int
    pending: int
    debt: int
    expiring: list[ExpiringOut]


class EntryIn(msgspec.Struct, forbid_unknown_fields=True):
    """A credit or a debit by hand."""

    kind: Literal["credit", "debit"]
    amount: int
    reason: str
    unit: str = POINTS
    expires_at: datetime | None = None


class EntryOut(msgspec.Struct):
    """An entry; ``amount`` is signed, ``balance`` the one after it."""

    id: UUID
    unit: str
    kind: str
    amount: int
    balance: int
    at: datetime
    expires_at: datetime | None
    reason: str
    rule: str | None
    source: str
    actor: str
    reverses: UUID | None

    @classmethod
    def of(cls, entry: object) -> EntryOut:
        """An entry as programs see it."""
        return cls(**{name: getattr(entry, name) for name in cls.__struct_fields__})


class EntryList(msgspec.Struct):
    """A page of entries."""

    items: list[EntryOut]
    next: UUID | None


Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/members/{member:uuid}/balances", permission="points.read")
async def show_balances(member: FromPath[UUID]) -> dict[str, BalanceOut]:
    """A member's balances by unit."""
    member = await need_visible(member, "points.read")
    held = await service.balances(member)
    return {
        unit: BalanceOut(
            facts.available,
            facts.balance,
            facts.pending,
            facts.debt,
            [ExpiringOut(one.amount, one.at) for one in facts.expiring],
        )
        for unit, facts in held.items()
    }


@get("/members/{member:uuid}/entries", permission="points.read")
async def list_entries(
    member: FromPath[UUID],
    unit: FromQuery[str | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> EntryList:
    """A member's entries, the last written first."""
    member = await need_visible(member, "points.read")
    found = await service.entries(member, unit=unit, before=cursor, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return EntryList([EntryOut.of(entry) for entry in found[:limit]], more)


@post("/members/{member:uuid}/entries", permission="points.write")
async def add_entry(member: FromPath[UUID], data: JSONBody[EntryIn]) -> EntryOut:
    """Credit or debit by hand."""
    member = await need_visible(member, "points.write")
    if data.unit != POINTS:
        message = _('there is no unit "{unit}": choose {known}', unit=data.unit, known=POINTS)
        raise Invalid(message, [FieldError("unit", message)])
    account, here = await account_of(member), actor().store
    if data.kind == "debit":
        return EntryOut.of(await service.debit(account, member, data.amount, reason=data.reason, store=here))
    expiry = data.expires_at
    if expiry is not None and expiry.tzinfo is None:
        message = _("give the moment with its zone, like 2026-12-31T00:00:00+08:00")
        raise Invalid(message, [FieldError("expires_at", message)])
    return EntryOut.of(
        await service.credit(account, member, data.amount, reason=data.reason, expires_at=expiry, store=here)
    )


handlers = [show_balances, list_entries, add_entry]
