"""What becomes of a redemption: it is handed over, or cancelled and everything goes back where it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import emit
from tessera.members import service as members
from tessera.points.ledger import Cause, Posting, settling
from tessera.points.rewards.kinds import kind_named
from tessera.points.rewards.service.contract import (
    AlreadyCancelled,
    AlreadyHandedOver,
    RedemptionFacts,
    RedemptionUnknown,
    RewardUsed,
)
from tessera.points.rewards.service.reading import redemption
from tessera.points.rewards.service.redeeming import REDEEMED, redeeming
from tessera.points.service.reading import available
from tessera.points.service.reversing import bearer_of, find_entry, reverse_on
from tessera_hooks import _

LONGEST_REASON = 200

_LOCK = "SELECT status, stocked, reward, purchase FROM redemption WHERE id = $1 FOR UPDATE"

_CANCELLED = """
UPDATE redemption SET status = 'cancelled', cancelled_at = $2, cancelled_by = $3, reason = $4 WHERE id = $1
"""

_HANDED_OVER = """
UPDATE redemption SET status = 'handed_over', handed_over_at = $2, handed_over_by = $3 WHERE id = $1
"""

_BACK_TO_STOCK = "UPDATE reward SET stock = stock + 1 WHERE id = $1 AND stock IS NOT NULL"


async def cancel(id_: UUID, reason: str) -> RedemptionFacts:
    """Cancel a redemption, handed over or not: the points go back into the lots that they came from (L4).

    What is owed is paid first. The piece goes back into the stock, and a plugin takes back what it gave or
    refuses all of it.
    """
    words = _checked(reason)

    async def work() -> RedemptionFacts:
        found, row = await _locked(id_)
        if row["status"] == "cancelled":
            raise AlreadyCancelled(_("This was cancelled already."))
        if row["purchase"] is not None:
            raise RewardUsed(_("It has lowered the price of a purchase: bring all of that back first."))
        await _take_back(found)
        entry = await find_entry(found.entry)
        posting = await Posting.open([await bearer_of(entry)], held=True)
        cause = Cause(
            reason="reward cancelled",
            source=REDEEMED,
            source_id=id_,
            at=posting.now,
            store=actor().store or found.store,
            facts={"reward": found.reward, "title": dict(found.title)},
        )
        await reverse_on(posting, entry, cause)
        await posting.settle(settling(posting.now, found.store))
        await posting.write()
        if row["stocked"]:
            await execute(_BACK_TO_STOCK, row["reward"])
        await execute(_CANCELLED, id_, clock.now(), str(actor().label), words)
        await _noted("rewards.cancelled", "reward.cancelled", found)
        return await redemption(id_)

    return await in_transaction(work)


async def left(one: RedemptionFacts) -> int:
    """What the member of a redemption has now."""
    return await available([one.account])


async def hand_over(id_: UUID) -> RedemptionFacts:
    """Note that a member has what they redeemed."""

    async def work() -> RedemptionFacts:
        found, row = await _locked(id_)
        if row["status"] == "cancelled":
            raise AlreadyCancelled(_("This was cancelled already."))
        if row["status"] == "handed_over":
            raise AlreadyHandedOver(_("This was handed over already."))
        await execute(_HANDED_OVER, id_, clock.now(), str(actor().label))
        await _noted("rewards.handed_over", "reward.handed_over", found)
        return await redemption(id_)

    return await in_transaction(work)


async def _locked(id_: UUID) -> tuple[RedemptionFacts, Any]:
    """A redemption that the actor may change, and its row, locked.

    Its member is held first, as a merge does too, so that neither waits for the other.
    """
    found = await redemption(id_, "points.write")
    found = replace(found, member=await members.hold(found.member))
    row = await fetchrow(_LOCK, id_)
    if row is None:
        raise RedemptionUnknown(_("There is no such redemption."))
    return found, row


async def _take_back(found: RedemptionFacts) -> None:
    kind = kind_named(found.kind)
    if kind is not None and kind.handler is not None:
        await kind.handler.take_back(
            redeeming(found.id, found.reward, found.member, found.store, found.at, found.detail)
        )


def _checked(reason: str) -> str:
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON or "\x00" in words:
        message = _("say the reason in at most 200 characters")
        raise Invalid(message, [FieldError("reason", message)])
    return words


async def _noted(act: str, event: str, found: RedemptionFacts) -> None:
    await emit(
        event,
        member=found.member,
        store=found.store,
        redemption=found.id,
        reward=found.reward,
        points=found.points,
    )
    await audit.note(
        act,
        member=found.member,
        subject=("redemption", found.id),
        store=found.store,
        code=found.reward,
        points=found.points,
    )
