"""Claiming a sale that was made without a member: by its id, or by the code on the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel import clock, events
from tessera.kernel.business import business, set_setting, setting
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service import circle_seen, stores_seen
from tessera.points import service as points
from tessera.purchases.rows import ADD_TO_STATS, LineRow, PurchaseRow
from tessera.purchases.service.buyers import Holder, counted_if_refused, find_buyer
from tessera.purchases.service.codes import code_of
from tessera.purchases.service.contract import (
    Buyer,
    Claimed,
    ClaimTooLate,
    NewPurchase,
    PointsMoved,
    PurchaseHasMember,
    PurchaseUnknown,
    TierMoved,
)
from tessera.purchases.service.participating import as_of, tell_settled
from tessera.purchases.service.settling import award_of, earning_part, settling_of
from tessera.purchases.service.sheets import PURCHASE, award_lines_of
from tessera.purchases.service.visits import NewVisit, record_visits, zone_of
from tessera_hooks import _

SETTING = "purchases.claim_days"
DEFAULT_DAYS = 30
LONGEST_DAYS = 3650

WRITE = "purchases.write"

_TAKE = """
UPDATE purchase SET member = $2, account = $3, tier = $4 WHERE id = $1 AND member IS NULL RETURNING *
"""
"""Whoever comes first: of many who claim one receipt at once, the row is without a member for one."""

_ITS_RETURNS = """
UPDATE purchase_return SET member = $2 WHERE purchase = $1 AND member IS NULL RETURNING id, amount, at
"""

_COUNT = ADD_TO_STATS.format(rows="VALUES ($1::uuid, 1, $2::bigint, $3::timestamptz, 0, NULL::date)")


@dataclass(frozen=True)
class _Came:
    """What came back of a purchase before it was claimed."""

    id: UUID
    amount: int


def claim_days() -> int:
    """For how many days after it was made a sale can be claimed."""
    return int(setting(SETTING, DEFAULT_DAYS))


async def keep_claim_days(days: int) -> None:
    """Set for how many days a sale can be claimed; 0: not at all once its moment is over."""
    if not 0 <= days <= LONGEST_DAYS:
        message = _("give a number of days from 0 to {limit}", limit=LONGEST_DAYS)
        raise Invalid(message, [FieldError("claim_days", message)])
    await set_setting(SETTING, days)


async def claim_purchase(purchase: UUID, buyer: Buyer) -> Claimed:
    """Give a sale of the actor's stores to a member; it counts and earns as if it had been theirs at once.

    Refused where it has a member, and after the days in which a sale can be claimed.
    """
    return await _claim(await _seen(purchase, stores_seen(WRITE)), buyer)


async def claim_by_code(typed: str, buyer: Buyer) -> Claimed:
    """Give the sale of a receipt's code to a member, as ``claim_purchase`` does, anywhere in the actor's circles.

    A code that is nobody's costs what a wrong guess costs.
    """
    code = code_of(typed)
    row = await fetchrow("SELECT id FROM purchase WHERE claim_code = $1", code) if code is not None else None
    if row is None:
        await count_lookup(cost=Cost.DEAR)
        raise PurchaseUnknown(_("There is no receipt with this code."))
    return await _claim(await _seen(row["id"], circle_seen()), buyer)


async def _seen(purchase: UUID, stores: Sequence[UUID] | None) -> Any:
    row = await fetchrow("SELECT id, store FROM purchase WHERE id = $1", purchase)
    if row is None or (stores is not None and row["store"] not in stores):
        raise PurchaseUnknown(_("There is no such purchase."))
    return row


async def _claim(found: Any, buyer: Buyer) -> Claimed:
    wanted = NewPurchase(amount=0, buyer=buyer, unknown_member="refuse")

    async def work() -> Claimed:
        holder = await find_buyer(wanted, found["store"])
        if holder is None:
            raise PurchaseUnknown(_("say who claims the purchase"))
        async with counted_if_refused(wanted, holder):
            return await _give(found["id"], holder)

    return await in_transaction(work)


async def _give(purchase: UUID, holder: Holder) -> Claimed:
    before = await _lock(purchase)
    holder = await as_of(holder, before["at"])
    lines = award_lines_of(await _lines(purchase))
    row = _row_of(before, holder)
    base = earning_part(row.amount, row.points_paid, row.not_earning)
    award = award_of(row, lines, base, zone_of(row.store))
    known = await points.look(award)
    if not await fetch(_TAKE, purchase, holder.member, holder.account, holder.tier):
        raise PurchaseHasMember(_("this purchase has a member already"))
    came = [_Came(one["id"], one["amount"]) for one in await fetch(_ITS_RETURNS, purchase, holder.member)]
    await _count(row, came)
    earned, taken = 0, points.TakenBack()
    if row.origin == "live":
        entries = await points.earn(points.Earning(holder.account, award, purchase, held=True, known=known))
        earned = sum(entry.amount for entry in entries)
        taken = await _take_back(row, came)
    moved = await tell_settled(settling_of(row, lines), earned - taken.points) if row.origin == "live" else None
    if moved is not None and moved.changed:
        await execute("UPDATE purchase SET tier_reached = $2 WHERE id = $1", purchase, moved.code)
    await _say(row)
    available = await points.available([holder.account])
    return Claimed(
        purchase,
        holder.member,
        row.amount,
        row.currency,
        PointsMoved(earned=earned - taken.points, available=available),
        moved or TierMoved(holder.tier),
    )


async def _lock(purchase: UUID) -> Any:
    """The purchase, kept from being returned meanwhile; refused where it cannot be claimed."""
    row = await fetchrow("SELECT * FROM purchase WHERE id = $1 FOR UPDATE", purchase)
    if row is None:
        raise PurchaseUnknown(_("There is no such purchase."))
    if row["member"] is not None:
        raise PurchaseHasMember(_("this purchase has a member already"))
    if row["at"] + timedelta(days=claim_days()) < clock.now():
        raise ClaimTooLate(
            _("a purchase can be claimed for {n} days, and this one is older", n=claim_days()), days=claim_days()
        )
    return row


def _row_of(row: Any, holder: Holder) -> PurchaseRow:
    """A purchase as it is once it is a member's."""
    kept = {name: row[name] for name in PurchaseRow.__struct_fields__ if name != "fingerprint"}
    theirs = {"member": holder.member, "account": holder.account, "tier": holder.tier}
    return PurchaseRow(**{**kept, **theirs, "fingerprint": "\\x" + bytes(row["fingerprint"]).hex()})


async def _lines(purchase: UUID) -> list[LineRow]:
    names = [name for name in LineRow.__struct_fields__ if name != "staff"]
    rows = await fetch(f"SELECT {', '.join(names)} FROM purchase_line WHERE purchase = $1 ORDER BY place", purchase)
    return [LineRow(**dict(row)) for row in rows]


async def _count(row: PurchaseRow, came: Sequence[_Came]) -> None:
    """Count the purchase for its member: statistics, the day's visit, and where they are known."""
    left = row.amount - sum(one.amount for one in came) if row.currency == business().currency else 0
    await execute(_COUNT, row.member, left, row.at)
    if row.member is not None:
        day = clock.local_day(row.at, zone_of(row.store))
        await record_visits([NewVisit(row.member, row.store, day, PURCHASE, row.at, row.id)])
    if row.store is not None:
        await execute(
            "INSERT INTO member_store (member, store) VALUES ($1, $2) ON CONFLICT DO NOTHING", row.member, row.store
        )


async def _take_back(row: PurchaseRow, came: Sequence[_Came]) -> points.TakenBack:
    """Take back what a part earned that had come back before, so that only what is left earns."""
    if not row.returned or not came:
        return points.TakenBack()
    share = Fraction(row.returned, row.amount)
    return await points.take_back(points.Returned(row.id, came[-1].id, row.member, share, clock.now(), row.store))


async def _say(row: PurchaseRow) -> None:
    await events.emit(
        "purchase.claimed",
        member=row.member,
        store=row.store,
        purchase=row.id,
        amount=row.amount,
        currency=row.currency,
    )
    await audit.note("purchases.claimed", member=row.member, subject=("purchase", row.id), store=row.store)
