"""Credits and debits on a posting that is open: what staff, plugins and rules of the ledger have in common."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from tessera.kernel.database import fetchval
from tessera.kernel.errors import Conflict
from tessera.points.ledger import Cause, EntryRow, LotRow, Posting, allocate, by_account
from tessera.points.saying import say_amount
from tessera_hooks import _


class InsufficientBalance(Conflict):
    """There is less than is asked for; ``available`` says how much."""

    code = "insufficient_balance"


_BORROWED = """
SELECT coalesce(sum(a.amount), 0)::bigint FROM lot l JOIN allocation a ON a.lot = l.id JOIN entry e ON e.id = a.entry
WHERE l.account = ANY($1) AND l.unit = $2 AND l.opens_at > $3
  AND NOT (e.amount < 0 AND e.kind IN ('take_back', 'reverse', 'undo', 'expire'))
"""
"""What was spent, or paid what was owed, out of lots that have not opened."""


async def take(
    posting: Posting, account: UUID, amount: int, cause: Cause, *, floor: int = 0, only: Collection[UUID] | None = None
) -> EntryRow:
    """Take an amount of all that a member has open: nearest expiry first, then oldest, never-expiring last.

    Refused as a whole where less is there. ``only`` names the credits whose lots may be drawn on. A ``floor``
    below zero lets the member owe down to it; what opens later pays that at once, and counts as owed until it
    has opened, so that nobody goes below the floor twice.
    """
    accounts = posting.beside(account)
    lots = await posting.lots(*accounts)
    open_now = [lot for lot in lots if lot.is_open(posting.now) and (only is None or lot.entry in only)]
    held = sum(lot.remaining for lot in open_now) - sum(posting.standings[one].debt for one in accounts)
    below = floor
    if floor and only is None:
        below += await fetchval(_BORROWED, accounts, posting.unit, posting.now)
    if held - amount < min(below, 0):
        raise insufficient(held - min(below, 0), amount, posting.unit)
    taken, rest = allocate(open_now, amount)
    later, owed = allocate([lot for lot in lots if lot.opens_at > posting.now], rest)
    return _entries(posting, account, [*taken, *later], owed, cause)


def insufficient(held: int, amount: int, unit: str) -> InsufficientBalance:
    """The refusal of a debit that asks for more than is there."""
    there = max(held, 0)
    shown, needed = say_amount(there, unit), say_amount(amount, unit)
    return InsufficientBalance(
        _("only {available} are available, {amount} are needed", available=shown, amount=needed), available=there
    )


def _entries(posting: Posting, account: UUID, taken: list[tuple[LotRow, int]], owed: int, cause: Cause) -> EntryRow:
    """Book a debit, in one entry for each account that it draws on, and answer all of it as one.

    The first entry stands for them; the others name it as their source.
    """
    parts = by_account(taken)
    if owed:
        parts.setdefault(account, [])
    first: EntryRow | None = None
    for one, some in parts.items():
        why = cause if first is None else replace(cause, source_id=first.id)
        entry = posting.debit(one, "debit", some, why, owed=owed if one == account else 0)
        first = first or entry
    if first is None:
        raise AssertionError("a debit takes something")
    return posting.told(first, -sum(part for _lot, part in taken) - owed)
