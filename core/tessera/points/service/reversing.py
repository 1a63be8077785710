"""Taking an entry back, wholly or in part: what was spent returns to its lots, what was given goes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business, setting
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.points.ledger import Cause, EntryRow, Kind, LotRow, Posting, allocate
from tessera.points.rows import entry_row, lot_row
from tessera_hooks import _

DEFAULT_RESTORE_DAYS = 30

Parts = Sequence[tuple[LotRow, int]]


class EntryUnknown(NotFound):
    """There is no such entry, or none of a member that one may see: the two are never told apart."""

    code = "entry_unknown"

    def __init__(self) -> None:
        super().__init__(_("There is no such entry."))


class AlreadyReversed(Conflict):
    """Nothing of the entry is left to take back."""

    code = "already_reversed"


class NotReversible(Conflict):
    """The entry cannot be taken back like this; the message says what to do instead."""

    code = "not_reversible"


def restore_days() -> int:
    """For how many days a lot that has expired meanwhile is restored when what it had paid is taken back.

    The setting ``points.restore_expired_days``; 0 means that it is forgone.
    """
    return max(int(setting("points.restore_expired_days", DEFAULT_RESTORE_DAYS)), 0)


_ENTRY = "SELECT * FROM entry WHERE id = $1"

_SIBLINGS = """
SELECT * FROM entry WHERE account = ANY($1) AND unit = $2 AND id > $3 AND source_id = $3 AND kind = 'debit' ORDER BY id
"""
"""The other entries of a debit that drew on several accounts."""

_INSTEAD = """
SELECT t.*, d.id AS debit, abs(d.amount) AS debited FROM entry t JOIN entry d ON d.id = t.source_id
WHERE t.account = ANY($1) AND t.unit = $2 AND t.kind = 'transfer' AND t.source = 'unmerge' AND t.amount < 0
  AND (d.id = $3 OR (d.source_id = $3 AND d.kind = 'debit')) ORDER BY t.id
"""
"""What someone paid instead of an account that had paid for them while they were one member."""

_BEARER = """
SELECT account FROM entry WHERE source_id = $1 AND kind = 'transfer' AND source = 'unmerge' AND amount < 0
ORDER BY id LIMIT 1
"""

_REVERSED = """
SELECT coalesce(sum(abs(amount) + forgiven), 0)::bigint AS amount, coalesce(sum(forgiven), 0)::bigint AS forgiven
FROM entry r WHERE reverses = $1
  AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = r.id AND u.kind = 'undo')
"""
"""How much of an entry has been taken back; what was undone with its import does not count."""

_TAKEN = """
SELECT l.*, t.part FROM (
    SELECT a.lot, sum(a.amount)::bigint AS part FROM allocation a JOIN entry e ON e.id = a.entry
    WHERE e.id = $1 OR e.reverses = $1 OR e.reverses IN (SELECT id FROM entry WHERE reverses = $1) GROUP BY 1) t
JOIN lot l ON l.id = t.lot WHERE t.part > 0
"""
"""What an entry took from which lots, less what has gone back into them."""

_ENJOYED = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM entry e
  LEFT JOIN entry r ON r.id = e.reverses LEFT JOIN entry p ON p.id = r.reverses
WHERE e.account = ANY($1) AND e.unit = $2 AND e.source NOT IN ('erasure', 'write_off')
  AND (e.kind = 'debit' OR r.kind = 'debit' OR p.kind = 'debit'
       OR (e.kind = 'transfer' AND e.source = 'unmerge') OR (r.kind = 'transfer' AND r.source = 'unmerge'))
"""
"""What was spent from accounts and has not come back; what was taken away with a person or a plugin nobody enjoyed."""

_OWN_LOT = "SELECT * FROM lot WHERE entry = $1"

_EXPIRED_OF = """
SELECT coalesce(sum(a.amount), 0)::bigint FROM allocation a JOIN entry e ON e.id = a.entry
WHERE a.lot = $1 AND e.kind = 'expire'
"""


@dataclass(frozen=True)
class Taken:
    """What taking a credit back did: taken from lots or owed (``amount``), of that owed, and forgiven."""

    amount: int = 0
    debt: int = 0
    forgiven: int = 0


async def find_entry(entry: UUID) -> EntryRow:
    """An entry by its id."""
    row = await fetchrow(_ENTRY, entry)
    if row is None:
        raise EntryUnknown
    return entry_row(row)


async def reverse_on(
    posting: Posting, entry: EntryRow, cause: Cause, *, amount: int | None = None, share: Fraction | None = None
) -> EntryRow | None:
    """Take an entry back on an open posting and answer what was booked, over all accounts as one.

    ``amount`` is the part of it that goes now; ``share`` how much of it has gone in all, this time included,
    rounded down, so that parts add up to the whole: ``None`` where that brings nothing more. Without either it
    is all that is left. The posting is open on the account of ``bearer_of``.
    """
    if entry.kind not in ("earn", "credit", "debit"):
        raise NotReversible(_("this entry follows from others: take those back instead"))
    group, settled = await _borne(posting, entry) if entry.kind == "debit" else ([entry], 0)
    done = [int((await fetchrow(_REVERSED, one.id))["amount"]) for one in group]
    due = _due(sum(abs(one.amount) for one in group) + settled, sum(done) + settled, amount, share)
    first: EntryRow | None = None
    booked = 0
    for one, before in reversed(list(zip(group, done, strict=True))):
        part = min(due - booked, abs(one.amount) - before)
        if part:
            booked += part
            why = replace(cause, reverses=one.id, purchase=cause.purchase or one.purchase)
            first = await _reverse_one(posting, one, part, why)
    if first is None:
        return None
    signed = -booked if entry.amount > 0 else booked
    return posting.told(first, first.amount if len(group) == 1 else signed)


async def bearer_of(entry: EntryRow) -> UUID:
    """The account that an entry weighs on: its own, or that of who paid instead when a merge was undone."""
    payer: UUID | None = await fetchval(_BEARER, entry.id) if entry.kind == "debit" else None
    return payer or entry.account


async def _borne(posting: Posting, entry: EntryRow) -> tuple[list[EntryRow], int]:
    """The entries that a debit weighs on, of all accounts that it drew on, and what had gone back of others before.

    Where a merge was undone by force, what one account had paid for the other's member was filled up again, and
    the member paid as much instead: that is what goes back now.
    """
    accounts = list(posting.standings)
    rows = await fetch(_SIBLINGS, accounts, posting.unit, entry.id)
    instead = await fetch(_INSTEAD, accounts, posting.unit, entry.id)
    debited = {row["debit"]: row["debited"] for row in instead}
    debits = [one for one in (entry, *(entry_row(row) for row in rows)) if one.id not in debited]
    return [*debits, *(entry_row(row) for row in instead)], sum(debited.values()) + sum(r["amount"] for r in instead)


def _due(whole: int, done: int, amount: int | None, share: Fraction | None) -> int:
    left = whole - done
    if share is not None:
        return max(floor(whole * min(share, Fraction(1))) - done, 0)
    if left <= 0:
        raise AlreadyReversed(_("this entry has been taken back already"))
    due = left if amount is None else amount
    if not 0 < due <= left:
        message = _("of this entry {left} can be taken back: give an amount from 1 to that", left=left)
        raise Invalid(message, [FieldError("amount", message)], left=left)
    return due


async def _reverse_one(posting: Posting, entry: EntryRow, part: int, cause: Cause) -> EntryRow:
    if entry.amount < 0:
        return await _restore(posting, entry, part, cause)
    row = await fetchrow(_OWN_LOT, entry.id)
    own = [posting.current(lot_row(row))]
    expired: int = await fetchval(_EXPIRED_OF, row["id"])
    forgiven = int((await fetchrow(_REVERSED, entry.id))["forgiven"])
    return await take_from(posting, entry.account, own, part, expired - forgiven, cause)


async def take_from(
    posting: Posting,
    account: UUID,
    own: Sequence[LotRow],
    amount: int,
    expired: int,
    cause: Cause,
    *,
    kind: Kind = "reverse",
) -> EntryRow:
    """Take what a credit brought: what is left of its own lots first, then what has expired is forgiven.

    What was spent comes out of other lots of the account, and is owed where there are none; but nobody owes more
    than they have spent and not given back. What is beyond that had expired elsewhere, in a lot that had paid for
    this one before a redemption came back too late: it is forgiven too (L5).
    """
    taken, rest = allocate(own, amount)
    forgiven = min(rest, max(expired, 0))
    rest -= forgiven
    if rest:
        mine = {lot.id for lot in own}
        lots = [lot for lot in await posting.lots(account) if lot.id not in mine and not lot.is_over(posting.now)]
        more, rest = allocate(lots, rest)
        taken += more
    if rest:
        owed = min(rest, await _may_owe(posting, account))
        forgiven, rest = forgiven + rest - owed, owed
    return posting.debit(account, kind, taken, cause, owed=rest, forgiven=forgiven)


async def _may_owe(posting: Posting, account: UUID) -> int:
    """How much more may be owed on an account: what its member has enjoyed, and what other accounts can pay."""
    accounts = posting.beside(account)
    enjoyed: int = await fetchval(_ENJOYED, accounts, posting.unit)
    owed = sum(posting.standings[one].debt for one in accounts)
    others = [one for one in accounts if one != account]
    held = sum(lot.remaining for lot in await posting.lots(*others) if not lot.is_over(posting.now)) if others else 0
    return max(enjoyed - owed, 0) + held


async def _restore(posting: Posting, entry: EntryRow, part: int, cause: Cause) -> EntryRow:
    """Give back what a debit took: to what is owed first, then into the lots that it came from.

    The last to expire get it back first, as if less had been spent. Of what comes back, what would expire
    soonest pays what is owed.
    """
    given, anew = allocate_last(await taken_by(posting, entry.id), part)
    debt = min(posting.standings[entry.account].debt, part)
    kept = less_first(given, debt - min(debt, anew))
    anew -= min(debt, anew)
    gone = [(lot, some) for lot, some in kept if lot.is_over(posting.now)]
    days = restore_days() if gone else 0
    facts = {**cause.facts, "gone": sum(some for _lot, some in gone), "days": days} if gone else cause.facts
    if days:
        _book_gone(posting, entry.account, [lot for lot, _some in gone if lot.remaining])
    booked = posting.restore(entry.account, kept, replace(cause, facts=facts), debt=debt, kind="reverse", anew=anew)
    if days:
        until = _midnight_after(posting.now, days)
        posting.prolong(booked, [lot for lot, _some in gone], until)
    elif gone:
        _book_gone(posting, entry.account, [lot for lot, _some in gone])
    return booked


async def taken_by(posting: Posting, entry: UUID) -> list[tuple[LotRow, int]]:
    """What an entry took from which lots, less what has gone back into them, in the order of spending."""
    rows = await fetch(_TAKEN, entry)
    return sorted(((posting.current(lot_row(row)), row["part"]) for row in rows), key=lambda one: one[0].place)


def _midnight_after(at: datetime, days: int) -> datetime:
    zone = business().timezone
    return clock.midnight(clock.local_day(at, zone) + timedelta(days=days + 1), zone)


def _book_gone(posting: Posting, account: UUID, lots: Sequence[LotRow]) -> None:
    """Book what the clock took of lots, before they are given a later end or because they are not."""
    for lot in lots:
        cause = Cause(
            reason="expired",
            source="expiry",
            source_id=lot.id,
            purchase=lot.purchase,
            at=lot.expires_at or posting.now,
        )
        posting.debit(account, "expire", [(lot, lot.remaining)], cause)


def allocate_last(lots: Parts, amount: int) -> tuple[list[tuple[LotRow, int]], int]:
    """Which parts come back when only some do, the last to expire first; and what no lot had given."""
    given: list[tuple[LotRow, int]] = []
    for lot, taken in reversed(lots):
        part = min(taken, amount)
        if part:
            given.insert(0, (lot, part))
            amount -= part
    return given, amount


def less_first(parts: Parts, owed: int) -> list[tuple[LotRow, int]]:
    """What is left of parts after those that expire soonest have paid what is owed."""
    kept: list[tuple[LotRow, int]] = []
    for lot, part in parts:
        less = min(part, owed)
        owed -= less
        if part > less:
            kept.append((lot, part - less))
    return kept
