"""Taking deeds back that hang on a purchase of which nothing is left, such as a friend's first one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from tessera.kernel.database import execute, fetch, in_transaction
from tessera.members.service import accounts_of
from tessera.points.earning.rules import codes, versions_of
from tessera.points.earning.shipped import REFERRAL, REFERRED
from tessera.points.ledger import Cause, Posting, settling
from tessera.points.service.deeds import SOURCE
from tessera.points.service.returning import RETURN
from tessera.points.service.reversing import find_entry, reverse_on

FIRST = (REFERRAL, REFERRED)
"""The deeds that hang on the first purchase that stands, whichever that is."""

_MOVE = "UPDATE deed SET purchase = $2 WHERE purchase = $1 AND deed = ANY($3)"

_HANGING = """
SELECT d.id AS deed, e.id AS entry FROM deed d
  JOIN account a ON a.id = d.account JOIN member m ON m.id = a.member
  JOIN entry e ON e.account = d.account AND e.source_id = d.id AND e.source = $2 AND e.kind = 'earn'
WHERE d.purchase = $1 AND m.erased_at IS NULL ORDER BY d.account, e.id
"""

_MAY_BE_DONE_AGAIN = "UPDATE deed SET once = id::text WHERE id = $1"


@dataclass(frozen=True)
class Gone:
    """A purchase of which nothing is left, with the return that took the last of it."""

    purchase: UUID
    by_return: UUID
    at: datetime
    store: UUID | None = None


def deeds_known() -> bool:
    """Whether there was ever a rule for a deed: asked in memory, before anything is read."""
    return any(version.spec.deed for code in codes() for version in versions_of(code))


async def hold_points(member: UUID) -> None:
    """Lock a member's points until the unit of work ends: a first purchase is rewarded or taken back, one by one."""
    await Posting.open(await accounts_of(member))


async def take_back_deeds(gone: Gone, instead: UUID | None = None) -> None:
    """Take back what deeds brought that hang on a purchase, now that all of it came back.

    What is left of the points goes, what had expired is forgiven, and what was spent is owed by whoever spent it
    (L5). A deed that was taken back in full may be done again; one of which something was forgiven may not, for
    that was given and kept. ``instead`` is the first purchase of the same buyer that stands: an invitation hangs
    on that one then. The buyer's points are held. Safe to call again: what is taken back already stays so.
    """

    async def work() -> None:
        if instead is not None:
            await execute(_MOVE, gone.purchase, instead, list(FIRST))
        for row in await fetch(_HANGING, gone.purchase, SOURCE):
            if await _take_back(gone, row["entry"]):
                await execute(_MAY_BE_DONE_AGAIN, row["deed"])

    await in_transaction(work)


async def _take_back(gone: Gone, entry: UUID) -> bool:
    """Take one entry back; answers whether all of it went now."""
    known = await find_entry(entry)
    posting = await Posting.open([known.account])
    cause = Cause(reason="return", source=RETURN, source_id=gone.by_return, at=gone.at, store=gone.store)
    booked = await reverse_on(posting, known, cause, share=Fraction(1))
    if booked is None:
        return False
    posting.say(
        "points.taken_back",
        member=posting.standings[known.account].member,
        store=gone.store,
        at=gone.at,
        entry=booked.id,
        unit=posting.unit,
        points=-booked.amount,
        purchase=None,
    )
    await posting.settle(settling(gone.at, gone.store))
    await posting.write()
    return not booked.forgiven
