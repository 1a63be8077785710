"""What a return does to its purchase, to the member's statistics and to the points it had earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchrow
from tessera.members import service as members
from tessera.points import service as points
from tessera.purchases.service.contract import OverReturned
from tessera_hooks import _


@dataclass(frozen=True)
class Back:
    """A return that is written: its amount, and whether the member's statistics know of it already."""

    id: UUID
    amount: int
    at: datetime
    counted: bool = False


async def lock_purchase(purchase: UUID) -> Any:
    """A purchase's row, locked: parallel returns of it come one after another.

    Its member is held first, as a merge does too, so that neither waits for the other.
    """
    bought = await fetchrow("SELECT member FROM purchase WHERE id = $1", purchase)
    if bought is not None and bought["member"] is not None:
        await members.hold(bought["member"], even_erased=True)
    return await fetchrow(
        "SELECT id, source, external_id, member, account, store, amount, returned, currency, at FROM purchase "
        "WHERE id = $1 FOR UPDATE",
        purchase,
    )


async def attribute(line: UUID, quantity: Decimal) -> None:
    """Note that a quantity of a line came back."""
    await execute("UPDATE purchase_line SET returned = returned + $2 WHERE id = $1", line, quantity)


async def bring_back(bought: Any, back: Back) -> points.TakenBack:
    """Take a return off a locked purchase, and off the points that it earned.

    More than is left of the purchase is refused. The share that goes to the ledger is of all that has
    come back so far, so that partial returns add up.
    """
    total = bought["returned"] + back.amount
    if total > bought["amount"]:
        left = bought["amount"] - bought["returned"]
        raise OverReturned(_("more would come back than was bought: {left} is left", left=left), left=left)
    await execute("UPDATE purchase SET returned = $2 WHERE id = $1", bought["id"], total)
    if bought["member"] is not None and not back.counted:
        await take_off_stats(bought["member"], back.amount, bought["currency"])
    share = Fraction(total, bought["amount"]) if bought["amount"] else Fraction(1)
    return await points.take_back(
        points.Returned(bought["id"], back.id, bought["member"], share, back.at, bought["store"])
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
