"""Recording a purchase: once, in one transaction, with its visit, its points and its event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.kernel import clock, events
from tessera.kernel.database import DB, fetch, fetchrow, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.points import service as points
from tessera.purchases import rows
from tessera.purchases.rows import LineRow, PaymentRow, PurchaseRow, Sheet, VisitRow
from tessera.purchases.service.buyers import Holder, find_buyer
from tessera.purchases.service.checking import Place, check_purchase, line_amount, place_of, staff_ids
from tessera.purchases.service.contract import NewPurchase, PointsMoved, PurchaseConflict, Recorded
from tessera.purchases.service.orphans import adopt
from tessera_hooks import Award, AwardLine, Settling, _

PURCHASE = "purchase"
"""The reason of awards for purchases, and the kind of the visits they are."""


async def record_purchase(new: NewPurchase) -> Recorded:
    """Record a purchase and answer what it did.

    The same source and number with the same contents is the same purchase, however many requests bring
    it at once; with other contents it is refused. A known number is answered before anybody is looked
    for: the buyer's phone may have changed hands since. In one transaction: purchase, lines, payments,
    the day's visit, the member's statistics, points, what plugins settle, and the events.
    """
    check_purchase(new)
    place = place_of(new)
    staff = await staff_ids({new.staff} if new.staff else set())
    await staff_ids({share.login for line in new.lines for share in line.staff})

    async def work() -> Recorded:
        while (known := await _known(new)) is None:
            running: Any = DB.current_transaction.get()
            before = await running.savepoint()
            buyer = await find_buyer(new, place.store_id)
            recorded = await _record(new, place, buyer, staff.get(new.staff or ""))
            if recorded is not None:
                return recorded
            await before.rollback_to()
        return known

    return await in_transaction(work)


async def _record(new: NewPurchase, place: Place, buyer: Holder | None, staff: UUID | None) -> Recorded | None:
    """Record a purchase; ``None`` where another request has brought its number meanwhile.

    What was done for it then, such as making a member, is to be taken back.
    """
    sheet = sheet_of(new, place, buyer, staff)
    purchase = sheet.purchases[0]
    written = await rows.write(sheet)
    if purchase.id not in written:
        return None
    award_lines = award_lines_of(sheet.lines)
    earned = await _earn(purchase, place, award_lines)
    if events.current_origin() == "live":
        settling = Settling(
            purchase=purchase.id,
            member=purchase.member,
            tier=purchase.tier,
            store=place.store_id,
            staff=purchase.staff,
            at=purchase.at,
            currency=place.currency,
            amount=purchase.amount,
            discount=purchase.discount,
            lines=award_lines,
        )
        await host().participate("settle_purchase", store=place.store_id, purchase=settling)
    if written[purchase.id]:
        await adopt(purchase.id)
    return Recorded(
        purchase.id,
        [line.id for line in sheet.lines],
        purchase.member,
        purchase.amount,
        purchase.currency,
        await moved(purchase.account, earned=earned),
    )


def sheet_of(new: NewPurchase, place: Place, buyer: Holder | None, staff: UUID | None) -> Sheet:
    """All the rows of a purchase."""
    id_, now = uuid7(), clock.now()
    at = place.at.astimezone(UTC)
    member = buyer.member if buyer else None
    purchase = PurchaseRow(
        id=id_,
        source=new.source,
        external_id=new.external_id,
        fingerprint="\\x" + new.fingerprint.hex(),
        member=member,
        account=buyer.account if buyer else None,
        store=place.store_id,
        staff=staff,
        at=at,
        currency=place.currency,
        amount=new.amount,
        discount=new.discount,
        returned=0,
        origin=events.current_origin(),
        batch=events.current_batch(),
        recorded_at=now,
    )
    sheet = Sheet(purchases=[purchase])
    sheet.lines = [
        LineRow(
            id=uuid7(),
            purchase=id_,
            place=number,
            sku=line.sku,
            name=line.name,
            category=line.category,
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=line_amount(line, place.currency),
            staff=[{"login": s.login, "share": str(s.share)} for s in line.staff] or None,
        )
        for number, line in enumerate(new.lines, start=1)
    ]
    sheet.payments = [
        PaymentRow(uuid7(), id_, number, payment.method, payment.amount)
        for number, payment in enumerate(new.payments, start=1)
    ]
    add_events(sheet, purchase, place.zone, lines=len(sheet.lines))
    return sheet


def add_events(sheet: Sheet, purchase: PurchaseRow, zone: str, *, lines: int) -> None:
    """Add a purchase's event, and the day's visit of its member with its own."""
    sheet.events.append(
        events.event_row(
            "purchase.recorded",
            member=purchase.member,
            store=purchase.store,
            occurred_at=purchase.at,
            purchase=purchase.id,
            amount=purchase.amount,
            currency=purchase.currency,
            lines=lines,
        )
    )
    if purchase.member is None:
        return
    visit = VisitRow(
        id=uuid7(),
        member=purchase.member,
        store=purchase.store,
        day=clock.local_day(purchase.at, zone),
        kind=PURCHASE,
        purchase=purchase.id,
        origin=purchase.origin,
        batch=purchase.batch,
        at=purchase.at,
    )
    sheet.visits.append(visit)
    sheet.events.append(
        events.event_row(
            "visit.recorded",
            member=visit.member,
            store=visit.store,
            occurred_at=visit.at,
            visit=visit.id,
            kind=visit.kind,
        )
    )


def award_lines_of(lines: Sequence[LineRow]) -> list[AwardLine]:
    """The lines as awards and plugins see them."""
    return [
        AwardLine(line.sku, line.category, Decimal(line.quantity), line.amount, line.place, line.name, line.unit_price)
        for line in lines
    ]


async def _earn(purchase: PurchaseRow, place: Place, lines: list[AwardLine]) -> int:
    if purchase.member is None or purchase.account is None:
        return 0
    award = Award(
        member=purchase.member,
        tier=None,
        store=purchase.store,
        reason=PURCHASE,
        at=purchase.at.astimezone(clock.zone(place.zone)),
        currency=purchase.currency,
        amount=purchase.amount,
        lines=lines,
    )
    entry = await points.earn(points.Earning(purchase.account, award, purchase.id, held=True))
    return entry.amount if entry else 0


async def _known(new: NewPurchase) -> Recorded | None:
    """The purchase that has the number already; refused unless its contents are the same."""
    row: Any = await fetchrow(
        "SELECT p.id, p.fingerprint, p.member, p.account, p.amount, p.currency, "
        "coalesce((SELECT sum(e.amount) FROM entry e WHERE e.purchase = p.id AND e.kind = 'earn'), 0)::bigint "
        "AS earned "
        "FROM purchase p WHERE p.source = $1 AND p.external_id = $2",
        new.source,
        new.external_id,
    )
    if row is None:
        return None
    if bytes(row["fingerprint"]) != new.fingerprint:
        raise PurchaseConflict(
            _(
                'purchase "{number}" of {source} is recorded with other contents: '
                "a correction is a return and a new number",
                number=new.external_id,
                source=new.source,
            )
        )
    lines = await fetch("SELECT id FROM purchase_line WHERE purchase = $1 ORDER BY place", row["id"])
    moves = await moved(row["account"], earned=row["earned"])
    ids = [line["id"] for line in lines]
    return Recorded(row["id"], ids, row["member"], row["amount"], row["currency"], moves, again=True)


async def moved(account: UUID | None, *, earned: int = 0) -> PointsMoved:
    """What happened to points, with what the account's member has now."""
    if account is None:
        return PointsMoved()
    return PointsMoved(earned=earned, available=await points.available([account]))
