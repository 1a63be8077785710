"""The ledger for plugins: ``from tessera.plugin import ledger``.

All of it runs inside the caller's unit of work, or in one of its own where there is none. Who books several units
in one unit of work calls ``hold`` first, so that all lock them in the same order. Units are named in full,
``wallet.stored_value.CNY``; amounts are whole numbers of their smallest part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchrow, in_transaction
from tessera.members.service import account_of, accounts_of
from tessera.points.ledger import Cause, EntryRow, LotRow, Posting, allocate, settling
from tessera.points.rows import lot_row
from tessera.points.service import reading
from tessera.points.service.booking import InsufficientBalance, take
from tessera.points.service.explaining import explain as sentence
from tessera.points.service.explaining import register as explain
from tessera.points.service.reading import BalanceFacts, EntryFacts
from tessera.points.service.reversing import (
    AlreadyReversed,
    NotReversible,
    Taken,
    bearer_of,
    find_entry,
    reverse_on,
    take_from,
)
from tessera.points.service.units import UnitFacts, known_unit, unit_titles
from tessera.points.units import BY_POLICY, Term, term
from tessera.points.wording import worded

__all__ = [
    "BY_POLICY",
    "AlreadyReversed",
    "BalanceFacts",
    "Drawn",
    "EntryFacts",
    "EntryRow",
    "InsufficientBalance",
    "LotFacts",
    "NotReversible",
    "Taken",
    "UnitFacts",
    "available",
    "balances",
    "credit",
    "debit",
    "drawn",
    "entries",
    "explain",
    "extend",
    "hold",
    "known_unit",
    "lots_of",
    "reverse",
    "sentence",
    "take_back",
    "unit_titles",
    "would_draw",
]


@dataclass(frozen=True)
class LotFacts:
    """What one credit brought and what is left of it; ``open`` says whether it can be spent now.

    ``expired`` is what the clock has taken of it, whether that is booked already or not.
    """

    unit: str
    entry: UUID
    amount: int
    remaining: int
    opens_at: datetime
    expires_at: datetime | None
    open: bool
    expired: int


@dataclass(frozen=True)
class Drawn:
    """What a debit took, less what has gone back, from the lots of one credit."""

    entry: UUID
    source: str
    source_id: UUID | None
    amount: int


async def hold(member: UUID, units: Sequence[str]) -> None:
    """Lock a member's balances of several units, in the order that all share, until the unit of work ends."""
    account = await account_of(member)
    for unit in sorted(set(units)):
        await Posting.open([account], unit)


async def credit(
    member: UUID,
    unit: str,
    amount: int,
    *,
    reason: str,
    source: str,
    source_id: UUID | None = None,
    purchase: UUID | None = None,
    store: UUID | None = None,
    at: datetime | None = None,
    opens_at: datetime | None = None,
    expires_at: datetime | Term | None = BY_POLICY,
    rule: str | None = None,
    rule_version: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> EntryRow:
    """Give a member an amount; it pays what is owed first.

    ``source`` is what it comes from (``wallet.recharge``) and ``source_id`` which one. ``opens_at`` is when it
    can be spent first. Without ``expires_at`` the unit's policy holds, counted from when it opens; ``None``
    means never. ``reason`` may be a text to translate.
    """
    known_unit(unit)
    moment = at or clock.now()
    lasts = term(unit, max(moment, opens_at or moment)) if expires_at is BY_POLICY else expires_at
    cause = _cause(reason, facts, source, moment, source_id, purchase, store, rule, rule_version)

    async def work() -> EntryRow:
        account = await account_of(member)
        posting = await Posting.open([account], unit)
        entry = posting.credit(account, "credit", _whole(amount), cause, expires_at=lasts, opens_at=opens_at)
        await posting.settle(settling(moment, store))
        await posting.write()
        return posting.told(entry)

    return await in_transaction(work)


async def debit(
    member: UUID,
    unit: str,
    amount: int,
    *,
    reason: str,
    source: str,
    source_id: UUID | None = None,
    purchase: UUID | None = None,
    store: UUID | None = None,
    at: datetime | None = None,
    lots_of: UUID | None = None,
    rule: str | None = None,
    rule_version: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> EntryRow:
    """Take an amount: nearest expiry first, then oldest, never-expiring last; refused as a whole where less is there.

    ``lots_of`` draws only on what was credited with that ``source_id``: on one pack, one recharge. Otherwise the
    unit's floor says how far below zero it may go.
    """
    known = known_unit(unit)
    cause = _cause(reason, facts, source, at or clock.now(), source_id, purchase, store, rule, rule_version)

    async def work() -> EntryRow:
        account = await account_of(member)
        posting = await Posting.open([account], unit)
        only = None if lots_of is None else {row["id"] for row in await fetch(_BROUGHT, lots_of, unit)}
        entry = await take(posting, account, _whole(amount), cause, floor=known.floor, only=only)
        await posting.write()
        return entry

    return await in_transaction(work)


async def reverse(
    entry: UUID,
    *,
    reason: str,
    source: str,
    source_id: UUID | None = None,
    amount: int | None = None,
    share: Fraction | None = None,
    store: UUID | None = None,
    at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> EntryRow | None:
    """Take a credit or a debit back, wholly or in part.

    A debit goes back to what is owed, then into the lots that it came from, with their expiry; one that has
    expired meanwhile as the business has set. A credit takes what is left of its lot, forgives what has
    expired, and what was spent comes out of other lots or is owed. ``amount`` is the part that goes now;
    ``share`` (0 to 1) how much of it has gone in all, rounded down, and the answer is ``None`` where that
    brings nothing more. Twice is ``AlreadyReversed``.
    """

    async def work() -> EntryRow | None:
        known = await find_entry(entry)
        posting = await Posting.open([await bearer_of(known)], known.unit)
        cause = _cause(reason, facts, source, at or posting.now, source_id, None, store, None, None)
        booked = await reverse_on(posting, known, cause, amount=amount, share=share)
        if booked is not None:
            await posting.settle(settling(posting.now, store))
            await posting.write()
        return booked

    return await in_transaction(work)


async def take_back(
    source_id: UUID,
    amount: int,
    *,
    unit: str,
    reason: str,
    source: str,
    purchase: UUID | None = None,
    store: UUID | None = None,
    at: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Taken:
    """Take back an amount of what was credited with a ``source_id``.

    First what is left in its lots, also where the clock has closed them; then what had been booked as expired
    is forgiven; then it comes out of other lots, and is owed where there are none. At most what is not yet taken
    back goes.
    """

    async def work() -> Taken:
        done, left = Taken(), _whole(amount)
        for row in await fetch(_BROUGHT_TO, source_id, unit):
            posting = await Posting.open([row["account"]], unit)
            so_far = await fetchrow(_TAKEN_BACK, source_id, unit, row["account"])
            due = min(left, so_far["brought"] - so_far["settled"])
            if due <= 0:
                continue
            cause = _cause(reason, facts, source, at or posting.now, source_id, purchase, store, None, None)
            before = _owed(posting, row["account"])
            own = [lot_row(lot) for lot in await fetch(_OWN, source_id, unit, row["account"])]
            expired = so_far["expired"] - so_far["forgiven"]
            entry = await take_from(posting, row["account"], own, due, expired, cause, kind="take_back")
            await posting.settle(settling(posting.now, store))
            await posting.write()
            owed = _owed(posting, row["account"]) - before
            done = Taken(done.amount - entry.amount, done.debt + owed, done.forgiven + entry.forgiven)
            left -= due
        return done

    return await in_transaction(work)


async def extend(
    source_id: UUID, expires_at: datetime, *, unit: str, reason: str, source: str, store: UUID | None = None
) -> int:
    """Let what is left of the credits of a ``source_id`` last until another moment; answers how much that is.

    What the clock has closed already is open again, unless its expiry has been booked.
    """

    async def work() -> int:
        moved = 0
        for row in await fetch(_BROUGHT_TO, source_id, unit):
            posting = await Posting.open([row["account"]], unit)
            own = [lot_row(lot) for lot in await fetch(_OWN, source_id, unit, row["account"])]
            left = [lot for lot in own if lot.remaining]
            if left:
                cause = _cause(reason, None, source, posting.now, source_id, None, store, None, None)
                posting.extend(row["account"], left, cause, until=expires_at)
                moved += sum(lot.remaining for lot in left)
                await posting.write()
        return moved

    return await in_transaction(work)


async def available(member: UUID, unit: str) -> int:
    """What a member can spend now, by the clock; below zero where more is owed."""
    return await reading.available(await accounts_of(member), unit=unit)


async def balances(member: UUID) -> dict[str, BalanceFacts]:
    """What a member has, by unit."""
    return await reading.balances(member)


async def entries(
    member: UUID, units: Sequence[str], *, before: UUID | None = None, limit: int = 50
) -> list[EntryFacts]:
    """A member's entries of some units, the last written first; ``before`` is the last one already seen."""
    return await reading.entries(member, units=units, before=before, limit=limit)


async def lots_of(source_id: UUID, unit: str | None = None) -> list[LotFacts]:
    """The lots that the credits of a ``source_id`` brought, in the order of spending."""
    now = clock.now()
    rows = sorted(await fetch(_LOTS_OF, source_id, unit), key=lambda row: lot_row(row).place)
    return [_lot_facts(lot_row(row), row["expired"], now) for row in rows]


async def drawn(entry: UUID) -> list[Drawn]:
    """From which credits a debit took how much, less what has gone back."""
    return [Drawn(**dict(row)) for row in await fetch(_DRAWN, entry)]


async def would_draw(member: UUID, unit: str, amount: int) -> list[Drawn]:
    """From which credits a debit would take an amount now, in its order; locks nothing, books nothing.

    What is more than there is, is left out: a debit of it would be refused, or owed.
    """
    now = clock.now()
    rows = {row["id"]: row for row in await fetch(_HELD, member, unit)}
    lots = sorted((lot_row(row) for row in rows.values()), key=lambda lot: lot.place)
    taken, _missing = allocate([lot for lot in lots if lot.is_open(now)], _whole(amount))
    return [Drawn(lot.entry, rows[lot.id]["source"], rows[lot.id]["source_id"], part) for lot, part in taken]


def _lot_facts(lot: LotRow, booked: int, now: datetime) -> LotFacts:
    return LotFacts(
        unit=lot.unit,
        entry=lot.entry,
        amount=lot.amount,
        remaining=lot.remaining,
        opens_at=lot.opens_at,
        expires_at=lot.expires_at,
        open=bool(lot.is_open(now)),
        expired=booked + (lot.remaining if lot.is_over(now) else 0),
    )


def _cause(
    reason: str,
    facts: Mapping[str, Any] | None,
    source: str,
    at: datetime,
    source_id: UUID | None,
    purchase: UUID | None,
    store: UUID | None,
    rule: str | None,
    rule_version: int | None,
) -> Cause:
    plain, told = worded(reason, facts or {})
    return Cause(
        reason=plain,
        source=source,
        at=at,
        source_id=source_id,
        purchase=purchase,
        store=store,
        rule=rule,
        rule_version=rule_version,
        facts=told,
    )


def _whole(amount: int) -> int:
    if amount <= 0:
        raise ValueError(f"an amount of the ledger is above zero, not {amount}")
    return amount


def _owed(posting: Posting, account: UUID) -> int:
    return sum(posting.standings[one].debt for one in posting.beside(account))


_BROUGHT = "SELECT id FROM entry WHERE kind = 'credit' AND source_id = $1 AND unit = $2"

_BROUGHT_TO = """
SELECT DISTINCT account FROM entry WHERE kind = 'credit' AND source_id = $1 AND unit = $2 ORDER BY account
"""

_OWN = """
SELECT l.* FROM entry e JOIN lot l ON l.entry = e.id
WHERE e.kind = 'credit' AND e.source_id = $1 AND e.unit = $2 AND e.account = $3
ORDER BY l.expires_at NULLS LAST, l.opens_at, l.id
"""

_LOTS_OF = """
SELECT l.*, (SELECT coalesce(sum(a.amount), 0) FROM allocation a JOIN entry x ON x.id = a.entry
    WHERE a.lot = l.id AND x.kind = 'expire')::bigint AS expired
FROM entry e JOIN lot l ON l.entry = e.id
WHERE e.kind = 'credit' AND e.source_id = $1 AND ($2::text IS NULL OR e.unit = $2)
"""

_TAKEN_BACK = """
WITH brought AS (SELECT id, amount FROM entry WHERE kind = 'credit' AND source_id = $1 AND unit = $2 AND account = $3),
  gone AS (
    SELECT amount, forgiven FROM entry WHERE kind = 'take_back' AND source_id = $1 AND unit = $2 AND account = $3
    UNION ALL SELECT amount, forgiven FROM entry WHERE reverses IN (SELECT id FROM brought))
SELECT (SELECT coalesce(sum(amount), 0) FROM brought)::bigint AS brought,
       (SELECT coalesce(sum(forgiven - amount), 0) FROM gone)::bigint AS settled,
       (SELECT coalesce(sum(forgiven), 0) FROM gone)::bigint AS forgiven,
       (SELECT coalesce(sum(a.amount), 0) FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot
        WHERE e.kind = 'expire' AND l.entry IN (SELECT id FROM brought))::bigint AS expired
"""

_HELD = """
SELECT l.*, c.source, c.source_id FROM account a JOIN lot l ON l.account = a.id JOIN entry c ON c.id = l.entry
WHERE a.member = $1 AND l.unit = $2 AND l.remaining > 0
"""

_DRAWN = """
WITH debits AS (
    SELECT e.id FROM entry one JOIN account mine ON mine.id = one.account JOIN account beside USING (member)
    JOIN entry e ON e.account = beside.id AND e.unit = one.unit AND e.id >= one.id
    WHERE one.id = $1 AND (e.id = one.id OR (e.source_id = one.id AND e.kind = 'debit')))
SELECT c.id AS entry, c.source, c.source_id, sum(a.amount)::bigint AS amount
FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot JOIN entry c ON c.id = l.entry
WHERE e.id IN (SELECT id FROM debits) OR e.reverses IN (SELECT id FROM debits)
   OR e.reverses IN (SELECT id FROM entry WHERE reverses IN (SELECT id FROM debits))
GROUP BY c.id HAVING sum(a.amount) > 0 ORDER BY c.id
"""
