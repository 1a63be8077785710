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
from tessera.points.service import correcting, telling, tracing
from tessera.points.service.units import by_hand_unit
from tessera.points.units import Term
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
    expires_at: datetime | msgspec.UnsetType | None = msgspec.UNSET


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


class ReverseIn(msgspec.Struct, forbid_unknown_fields=True):
    """Why an entry is taken back."""

    reason: str


class RuleOut(msgspec.Struct):
    """The rule that an entry follows, in the version that was in force."""

    code: str
    version: int | None


class LotOut(msgspec.Struct):
    """A lot that an entry opened or drew on.

    ``entry`` is the credit that brought it; ``amount`` what this entry brought, took (above zero) or gave back
    (below); ``remaining`` what the lot still holds.
    """

    entry: UUID
    amount: int
    remaining: int
    opens_at: datetime
    expires_at: datetime | None


class ConsumedOut(msgspec.Struct):
    """An entry that took from the lot of this one; ``debt`` is what was owed when the lot came in."""

    entry: UUID
    kind: str
    amount: int
    at: datetime


class ExplanationOut(msgspec.Struct):
    """Why an entry is there, in both languages, with what it drew on and what consumed it."""

    text: dict[str, str]
    rule: RuleOut | None
    source: str
    lots: list[LotOut]
    consumed_by: list[ConsumedOut]


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
    unit = by_hand_unit(data.unit)
    account, here = await account_of(member), actor().store
    if data.kind == "debit":
        booked = await service.debit(account, member, data.amount, reason=data.reason, unit=unit.name, store=here)
        return EntryOut.of(booked)
    if isinstance(data.expires_at, datetime) and data.expires_at.tzinfo is None:
        message = _("give the moment with its zone, like 2026-12-31T00:00:00+08:00")
        raise Invalid(message, [FieldError("expires_at", message)])
    booked = await service.credit(
        account, member, data.amount, reason=data.reason, expires_at=_lasts(data), unit=unit.name, store=here
    )
    return EntryOut.of(booked)


def _lasts(data: EntryIn) -> datetime | Term | None:
    """Until when a credit by hand lasts: as it says; else points for ever, and other units by their policy."""
    if isinstance(data.expires_at, msgspec.UnsetType):
        return None if data.unit == POINTS else service.BY_POLICY
    return data.expires_at


@get("/entries/{entry:uuid}/explanation", permission="points.read")
async def explain_entry(entry: FromPath[UUID]) -> ExplanationOut:
    """Why an entry is there, which lots it drew on, and what consumed what it brought."""
    await correcting.holder_of(entry, "points.read")
    trace = await tracing.trace(entry)
    known = trace.entry
    return ExplanationOut(
        text=telling.tell_everywhere(trace),
        rule=RuleOut(known.rule, known.rule_version) if known.rule is not None else None,
        source=known.source,
        lots=[LotOut(lot.entry, lot.amount, lot.remaining, lot.opens_at, lot.expires_at) for lot in trace.lots],
        consumed_by=[ConsumedOut(one.entry, one.kind, one.amount, one.at) for one in trace.consumed_by],
    )


@post("/entries/{entry:uuid}/reverse", permission="points.adjust")
async def reverse_entry(entry: FromPath[UUID], data: JSONBody[ReverseIn]) -> EntryOut:
    """Take an entry back by another one."""
    await correcting.holder_of(entry, "points.adjust")
    return EntryOut.of(await correcting.reverse_by_hand(entry, reason=data.reason, store=actor().store))


handlers = [show_balances, list_entries, add_entry, explain_entry, reverse_entry]
