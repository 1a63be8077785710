"""Taking back what a returned purchase had earned, so that nobody owes for what they never enjoyed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow, fetchval, in_transaction
from tessera.points.ledger import Cause, Posting, settling
from tessera.points.service.reversing import take_from

RETURN = "return"
"""The source of what is taken back because a purchase came back."""

_EARNED_BY = "SELECT DISTINCT account, unit FROM entry WHERE purchase = $1 AND kind = 'earn' ORDER BY account, unit"

_SO_FAR = """
SELECT coalesce(sum(amount) FILTER (WHERE kind = 'earn'), 0)::bigint AS earned,
       coalesce(sum(forgiven - amount) FILTER (WHERE kind = 'take_back'), 0)::bigint AS settled,
       coalesce(sum(forgiven), 0)::bigint AS forgiven
FROM entry e WHERE purchase = $1 AND account = $2 AND unit = $3
  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)
"""
"""What was earned and settled; entries that were taken back with their import no longer count."""

_EXPIRED = """
SELECT coalesce(sum(a.amount), 0)::bigint AS expired
FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot
WHERE l.purchase = $1 AND l.account = $2 AND l.unit = $3 AND e.kind = 'expire'
"""


@dataclass(frozen=True)
class Returned:
    """A return as the ledger sees it.

    ``share`` is how much of the purchase has come back in all, this return included: 0 to 1.
    """

    purchase: UUID
    id: UUID
    member: UUID | None
    share: Fraction
    at: datetime
    store: UUID | None = None


@dataclass(frozen=True)
class TakenBack:
    """What a return did: taken from lots or owed (``points``), of that newly owed, and forgiven."""

    points: int = 0
    debt: int = 0
    forgiven: int = 0


async def take_back(returned: Returned) -> TakenBack:
    """Take back what a purchase earned, in proportion to what has come back of it.

    The share is cumulative and the points are rounded down, so that partial returns add up to exactly
    what the full one takes. It comes from what is left in the purchase's own lots (also where the
    clock has closed them); what had expired is forgiven; what was spent is taken from other lots, also from
    those that open later, which would have to pay the debt then (L2), and owed where there are none (L5).
    Of a member with several accounts, the others pay before anything is owed.
    """

    async def work() -> TakenBack:
        total = TakenBack()
        for row in await fetch(_EARNED_BY, returned.purchase):
            done = await _from_account(returned, row["account"], row["unit"])
            total = TakenBack(total.points + done.points, total.debt + done.debt, total.forgiven + done.forgiven)
        return total

    return await in_transaction(work)


async def _from_account(returned: Returned, account: UUID, unit: str) -> TakenBack:
    posting = await Posting.open([account], unit)
    so_far = await fetchrow(_SO_FAR, returned.purchase, account, unit)
    due = floor(so_far["earned"] * returned.share) - so_far["settled"]
    if due <= 0:
        return TakenBack()
    own = [lot for lot in await posting.lots(account) if lot.purchase == returned.purchase]
    expired: int = await fetchval(_EXPIRED, returned.purchase, account, unit)
    cause = Cause(
        reason="return",
        source=RETURN,
        source_id=returned.id,
        purchase=returned.purchase,
        at=returned.at,
        store=returned.store,
        facts={"share": str(returned.share)},
    )
    before = _owed(posting, account)
    entry = await take_from(posting, account, own, due, expired - so_far["forgiven"], cause, kind="take_back")
    posting.say(
        "points.taken_back",
        member=returned.member,
        store=returned.store,
        at=returned.at,
        entry=entry.id,
        unit=posting.unit,
        points=-entry.amount,
        purchase=returned.purchase,
    )
    await posting.settle(settling(returned.at, returned.store))
    await posting.write()
    return TakenBack(-entry.amount, _owed(posting, account) - before, entry.forgiven)


def _owed(posting: Posting, account: UUID) -> int:
    """What the account's member owes on all accounts."""
    return sum(posting.standings[one].debt for one in posting.beside(account))
