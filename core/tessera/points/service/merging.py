"""Merging and its undo in the ledger: accounts change hands with all that is on them, and no entry is written anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.kernel.errors import Conflict
from tessera.members.service import account_of, accounts_of
from tessera.points.ledger import UNMERGED, Cause, Posting, allocate, by_account, settling
from tessera.points.service.reversing import allocate_last, less_first, taken_by
from tessera_hooks import Merging, Text, _


class MergeInUse(Conflict):
    """The survivor has spent what was the other's; ``entries`` says in which entries, ``amount`` how much."""

    code = "merge_in_use"


_UNITS = "SELECT DISTINCT unit FROM balance WHERE account = ANY($1) ORDER BY unit"

_SEQ = "SELECT account, unit, seq FROM balance WHERE account = ANY($1)"

_SPENT = """
SELECT * FROM (
    SELECT e.id, e.account, -e.amount - coalesce((
        SELECT sum(r.amount) FROM entry r WHERE r.reverses = e.id
          AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.reverses = r.id AND u.kind = 'undo')), 0)::bigint AS amount
    FROM entry e
    WHERE e.account = ANY($1) AND e.unit = $2 AND e.kind = 'debit' AND e.source <> 'write_off'
      AND e.source NOT LIKE '%refund%'
      AND e.seq > coalesce(($3::jsonb -> e.account::text ->> e.unit)::bigint, 0)) spent
WHERE amount > 0 ORDER BY id DESC
"""
"""What was spent from some accounts since a merge and not taken back: debits since then are the survivor's.

What was paid out again was not spent: the money has gone to whose credit it was.
"""

_CROSSING = """
SELECT c.id AS credit, c.account AS debtor, d.id AS debit, d.account AS donor, c.amount
FROM entry c JOIN entry d ON d.id = c.source_id AND d.kind = 'transfer'
WHERE c.unit = $3 AND c.kind = 'transfer' AND c.amount > 0
  AND ((c.account = ANY($1) AND d.account = ANY($2)) OR (c.account = ANY($2) AND d.account = ANY($1)))
  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = c.id)
ORDER BY c.id DESC
"""
"""What accounts of the one paid of what was owed on those of the other, while they were one."""

_SINCE = """
SELECT count(*) FROM entry e WHERE e.account = ANY($1) AND e.kind NOT IN ('transfer', 'undo', 'expire')
  AND e.seq > coalesce(($2::jsonb -> e.account::text ->> e.unit)::bigint, 0)
"""


async def merge_points(merging: Merging) -> Mapping[str, Any]:
    """Note how far each account has come, and let what one owes be paid by what the other holds."""
    accounts = await accounts_of(merging.survivor)
    seqs: dict[str, dict[str, int]] = {}
    for row in await fetch(_SEQ, accounts):
        seqs.setdefault(str(row["account"]), {})[row["unit"]] = row["seq"]
    for row in await fetch(_UNITS, accounts):
        posting = await Posting.open(accounts, row["unit"], held=True)
        await posting.settle(settling(clock.now()))
        await posting.write()
    return {"seq": seqs}


async def unmerge_points(merging: Merging) -> Sequence[Text]:
    """Part the accounts again, which are back with whom they were of; answers what stays.

    What one paid for the other is given back. Where the survivor has spent from the other's lots the undo
    is refused, unless it is forced: then the other's lots are filled again and the survivor spends as much
    of its own, or owes it.
    """
    theirs, own = await accounts_of(merging.other), await accounts_of(merging.survivor)
    seqs = merging.kept.get("seq", {})
    units = [row["unit"] for row in await fetch(_UNITS, [*theirs, *own])]
    spent = {unit: await fetch(_SPENT, theirs, unit, seqs) for unit in units}
    if any(spent.values()) and not merging.force:
        raise _in_use([row for rows in spent.values() for row in rows])
    since = (await fetch(_SINCE, [await account_of(merging.survivor)], seqs))[0]["count"]
    for unit in units:
        posting = await Posting.open([*theirs, *own], unit, held=True)
        for row in await fetch(_CROSSING, theirs, own, unit):
            await _give_back(posting, row)
        for row in spent[unit]:
            await _pay_instead(posting, row, await account_of(merging.survivor), merging.merge)
        await posting.settle(settling(posting.now))
        await posting.write()
    return [_("entries of points booked since: {n}", n=since)] if since else []


def _in_use(rows: Sequence[Any]) -> MergeInUse:
    amount = sum(row["amount"] for row in rows)
    return MergeInUse(
        _(
            "{n} points of the other were spent since the merge (entries: {entries}): "
            "undo it all the same, and the survivor pays them",
            n=amount,
            entries=len(rows),
        ),
        amount=amount,
        entries=[str(row["id"]) for row in rows],
    )


async def _give_back(posting: Posting, row: Any) -> None:
    """Book the opposite of one payment between accounts: the donor has it again, the debtor owes it again."""
    cause = Cause(reason="merge undone", source=UNMERGED, at=posting.now)
    held = [lot for lot in await posting.lots(row["debtor"]) if not lot.is_over(posting.now)]
    taken, owed = allocate(held, row["amount"])
    posting.debit(row["debtor"], "undo", taken, _reversing(cause, row["credit"]), owed=owed)
    await _refill(posting, row["donor"], row["debit"], row["amount"], _reversing(cause, row["debit"]))


async def _pay_instead(posting: Posting, row: Any, payer: UUID, merge: UUID) -> None:
    """Fill the lots again that a debit took from, and let the payer's accounts give as much, or owe it."""
    cause = Cause(
        reason="merge undone", source=UNMERGED, source_id=row["id"], at=posting.now, facts={"merge": str(merge)}
    )
    await _refill(posting, row["account"], row["id"], row["amount"], _reversing(cause, row["id"]))
    lots = [lot for lot in await posting.lots(*posting.beside(payer)) if not lot.is_over(posting.now)]
    taken, owed = allocate(lots, row["amount"])
    parts = by_account(taken)
    if owed:
        parts.setdefault(payer, [])
    for account, some in parts.items():
        posting.debit(account, "transfer", some, cause, owed=owed if account == payer else 0)


async def _refill(posting: Posting, account: UUID, entry: UUID, amount: int, cause: Cause) -> None:
    """Give back what is left of what an entry took, into the same lots; what the account owes is paid from it first."""
    given, _anew = allocate_last(await taken_by(posting, entry), amount)
    paid = min(posting.standings[account].debt, sum(part for _lot, part in given))
    posting.restore(account, less_first(given, paid), cause, debt=paid)


def _reversing(cause: Cause, entry: UUID) -> Cause:
    return replace(cause, reverses=entry)
