"""Recording a purchase: once, in one transaction, with its visit, its points and its event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import DB, fetch, fetchrow, in_transaction
from tessera.points import service as points
from tessera.purchases import rows
from tessera.purchases.service.buyers import Holder, count_sent_again, counted_if_refused, find_buyer
from tessera.purchases.service.checking import Place, check_purchase, place_of, staff_ids
from tessera.purchases.service.contract import (
    NewPurchase,
    PointsMoved,
    PurchaseConflict,
    Recorded,
    TierMoved,
    of_another_store,
)
from tessera.purchases.service.crediting import credit_staff
from tessera.purchases.service.orphans import adopt
from tessera.purchases.service.participating import as_of
from tessera.purchases.service.settling import Sale, award_of, check_payments, settle
from tessera.purchases.service.sheets import award_lines_of, sheet_of
from tessera.purchases.service.shifts import current_shift
from tessera_hooks import _


async def record_purchase(new: NewPurchase) -> Recorded:
    """Record a purchase and answer what it did.

    The same source and number with the same contents is the same purchase, however many requests bring
    it at once; with other contents it is refused. A known number is answered before anybody is looked
    for: the buyer's phone may have changed hands since. In one transaction: purchase, lines, payments,
    the day's visit, the member's statistics, what plugins settle, points spent and earned, and the events.
    """
    check_purchase(new)
    place = place_of(new)
    staff = await staff_ids({share.login for line in new.lines for share in line.staff} | _seller(new))

    async def work() -> Recorded:
        while (known := await _known(new, place)) is None:
            check_payments(new, place)
            running: Any = DB.current_transaction.get()
            before = await running.savepoint()
            buyer = await find_buyer(new, place.store_id)
            async with counted_if_refused(new, buyer):
                recorded = await _record(new, place, buyer, staff)
            if recorded is not None:
                return recorded
            await before.rollback_to()
        return known

    return await in_transaction(work)


def _seller(new: NewPurchase) -> set[str]:
    return {new.staff} if new.staff else set()


async def _record(new: NewPurchase, place: Place, buyer: Holder | None, staff: Mapping[str, UUID]) -> Recorded | None:
    """Record a purchase; ``None`` where another request has brought its number meanwhile.

    What was done for it then, such as making a member, is to be taken back.
    """
    seller, buyer = staff.get(new.staff or ""), await as_of(buyer, place.at) if buyer else None
    shift = await current_shift(place.store_id, seller, at=place.at)
    sheet = sheet_of(new, place, buyer, seller, shift)
    purchase, lines = sheet.purchases[0], award_lines_of(sheet.lines)
    known = await points.look(award_of(purchase, lines, purchase.amount, place.zone)) if buyer else None
    written = await rows.write(sheet)
    if purchase.id not in written:
        return None
    await credit_staff(new.lines, sheet.lines, purchase.amount, staff)
    done = await settle(Sale(new, place, buyer, purchase, lines, known))
    if written[purchase.id]:
        await adopt(purchase.id)
    return Recorded(
        purchase.id,
        [line.id for line in sheet.lines],
        purchase.member,
        purchase.amount,
        purchase.currency,
        await moved(purchase.account, earned=done.earned, redeemed=done.redeemed),
        tier=done.tier,
        claim_code=purchase.claim_code,
    )


_KNOWN = """
SELECT p.id, p.fingerprint, p.store, p.member, p.account, p.amount, p.currency, p.tier, p.tier_reached, p.claim_code,
    coalesce((SELECT sum(e.amount) FROM entry e WHERE e.purchase = p.id AND e.kind = 'earn'), 0)::bigint AS earned
FROM purchase p WHERE p.source = $1 AND p.external_id = $2
"""


async def _known(new: NewPurchase, place: Place) -> Recorded | None:
    """The purchase that has the number already; refused unless its contents and its store are the same.

    A till need not name its store, so that two tills that count from one may say the very same of two sales.
    """
    row: Any = await fetchrow(
        _KNOWN,
        new.source,
        new.external_id,
    )
    if row is None:
        return None
    same = bytes(row["fingerprint"]) == new.fingerprint
    await count_sent_again(new, same=same and row["store"] == place.store_id)
    if row["store"] != place.store_id:
        raise PurchaseConflict(of_another_store(new))
    if not same:
        raise PurchaseConflict(
            _(
                'purchase "{number}" of {source} is recorded with other contents: '
                "a correction is a return and a new number",
                number=new.external_id,
                source=new.source,
            )
        )
    lines = await fetch("SELECT id FROM purchase_line WHERE purchase = $1 ORDER BY place", row["id"])
    return Recorded(
        row["id"],
        [line["id"] for line in lines],
        row["member"],
        row["amount"],
        row["currency"],
        await moved(row["account"], earned=row["earned"], redeemed=new.points if row["account"] else 0),
        again=True,
        tier=TierMoved(row["tier_reached"] or row["tier"], changed=row["tier_reached"] is not None),
        claim_code=row["claim_code"],
    )


async def moved(account: UUID | None, *, earned: int = 0, redeemed: int = 0) -> PointsMoved:
    """What happened to points, with what the account's member has now."""
    if account is None:
        return PointsMoved()
    return PointsMoved(earned=earned, redeemed=redeemed, available=await points.available([account]))
