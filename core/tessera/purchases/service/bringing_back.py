"""What a return does to its purchase, to the member's statistics and to the points it had earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.kernel import events
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.points import service as points
from tessera.points.service.paying import give_back
from tessera.purchases.service.contract import NewPayment, OverReturned
from tessera.purchases.service.participating import tell_returned
from tessera.purchases.service.refunding import Owed, refund, refunds_of
from tessera_hooks import Claim, Returning, Tender, _


@dataclass(frozen=True, kw_only=True)
class Back:
    """A return that is written; ``counted`` where the member's statistics know of it already.

    ``refunds`` is how the till says that the money went back; ``None`` where that is written already.
    """

    id: UUID
    amount: int
    at: datetime
    store: UUID | None
    origin: str = "live"
    counted: bool = False
    refunds: Sequence[NewPayment] | None = ()


@dataclass(frozen=True)
class Brought:
    """What a return did to points: what was earned and is taken back, and what had been spent and is restored."""

    taken: points.TakenBack
    restored: int
    refunds: Sequence[Tender]


async def lock_purchase(purchase: UUID) -> Any:
    """A purchase's row, locked: parallel returns of it come one after another.

    Its member is held first, as a merge does too, so that neither waits for the other.
    """
    bought = await fetchrow("SELECT member FROM purchase WHERE id = $1", purchase)
    if bought is not None and bought["member"] is not None:
        await members.hold(bought["member"], even_erased=True)
    return await fetchrow(
        "SELECT id, source, external_id, member, account, store, amount, returned, points_paid, currency, at, "
        "(SELECT m.erased_at IS NOT NULL FROM member m WHERE m.id = purchase.member) AS erased "
        "FROM purchase WHERE id = $1 FOR UPDATE",
        purchase,
    )


async def attribute(line: UUID, quantity: Decimal) -> None:
    """Note that a quantity of a line came back."""
    await execute("UPDATE purchase_line SET returned = returned + $2 WHERE id = $1", line, quantity)


async def bring_back(bought: Any, back: Back) -> Brought:
    """Take a return off a locked purchase, give back what paid for it, and take back what it had earned.

    More than is left of the purchase is refused. The share that goes to the ledger and to plugins is of all
    that has come back so far, so that partial returns add up. Plugins come before points, as they do at a sale:
    whoever sells and takes back at once locks in one order. What had been spent is restored before what was
    earned is taken back, which then finds it and is not owed.
    """
    total = bought["returned"] + back.amount
    if total > bought["amount"]:
        left = bought["amount"] - bought["returned"]
        raise OverReturned(_("more would come back than was bought: {left} is left", left=left), left=left)
    await execute("UPDATE purchase SET returned = $2 WHERE id = $1", bought["id"], total)
    if bought["member"] is not None and not back.counted:
        await take_off_stats(bought["member"], back.amount, bought["currency"])
    share = Fraction(total, bought["amount"]) if bought["amount"] else await _share_of_nothing(bought["id"])
    refunds = await _refund(bought, back, total)
    live = back.origin == "live" and events.current_origin() == "live"
    returning = await _returning(bought, back, share, refunds) if live else None
    if returning is not None:
        await host().participate("return_purchase", store=bought["store"], returning=returning)
    restored = await give_back(bought["id"], back.id, share, at=back.at) if bought["points_paid"] else 0
    taken = await points.take_back(
        points.Returned(bought["id"], back.id, bought["member"], share, back.at, bought["store"])
    )
    if share == 1 and bought["member"] is not None and points.deeds_known():
        await _take_back_deeds(bought, back)
    if returning is not None:
        await tell_returned(returning)
    return Brought(taken, restored, refunds)


_FIRST_KEPT = """
SELECT id FROM purchase WHERE member = $1 AND returned < amount ORDER BY at, id LIMIT 1
"""


async def _take_back_deeds(bought: Any, back: Back) -> None:
    """Take back what was given for an invitation that this purchase had followed, unless another one stands.

    With the buyer's points held, so that of several purchases that come back at once the last is seen as that.
    """
    await points.hold_points(bought["member"])
    instead = await fetchval(_FIRST_KEPT, bought["member"])
    await points.take_back_deeds(points.Gone(bought["id"], back.id, back.at, bought["store"]), instead)


async def _share_of_nothing(purchase: UUID) -> Fraction:
    """How much has come back of what cost nothing: all of it once no line is left."""
    open_line = await fetchrow("SELECT 1 FROM purchase_line WHERE purchase = $1 AND returned < quantity", purchase)
    return Fraction(open_line is None)


async def _refund(bought: Any, back: Back, total: int) -> Sequence[Tender]:
    if back.refunds is None:
        return await refunds_of(back.id)
    owed = Owed(
        bought["id"],
        bought["store"],
        bought["amount"],
        bought["points_paid"],
        bought["returned"],
        total,
        bought["currency"],
        bool(bought["erased"]),
    )
    return await refund(owed, back.id, back.refunds)


async def _returning(bought: Any, back: Back, share: Fraction, refunds: Sequence[Tender]) -> Returning:
    """The return as plugins and rooms above see it."""
    claims = await fetch("SELECT kind, value FROM purchase_claim WHERE purchase = $1 ORDER BY place", bought["id"])
    return Returning(
        purchase=bought["id"],
        purchase_return=back.id,
        member=bought["member"],
        store=back.store,
        at=back.at,
        currency=bought["currency"],
        amount=back.amount,
        share=share,
        refunds=refunds,
        claims=[Claim(row["kind"], row["value"]) for row in claims],
    )


async def take_off_stats(member: UUID, amount: int, currency: str) -> None:
    """Lower what a member has spent; other currencies than the business's are not summed."""
    if currency == business().currency:
        await execute(
            "INSERT INTO member_stats (member, purchases, spent, visits) VALUES ($1, 0, -$2::bigint, 0) "
            "ON CONFLICT (member) DO UPDATE SET spent = member_stats.spent - $2",
            member,
            amount,
        )
