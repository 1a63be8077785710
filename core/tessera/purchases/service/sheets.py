"""The rows of a purchase before they are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from uuid import UUID

from tessera.kernel import clock, events
from tessera.kernel.ids import uuid7
from tessera.purchases.rows import LineRow, PaymentRow, PurchaseRow, Sheet, VisitRow
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.checking import Place, line_amount
from tessera.purchases.service.codes import new_code
from tessera.purchases.service.contract import NewPurchase
from tessera_hooks import AwardLine

PURCHASE = "purchase"
"""The reason of awards for purchases, and the kind of the visits they are."""


def sheet_of(
    new: NewPurchase, place: Place, buyer: Holder | None, staff: UUID | None, shift: UUID | None = None
) -> Sheet:
    """All the rows of a purchase, with its event and its visit."""
    purchase = _purchase_row(new, place, buyer, staff, shift)
    sheet = Sheet(purchases=[purchase])
    sheet.lines = [
        LineRow(
            id=uuid7(),
            purchase=purchase.id,
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
        PaymentRow(uuid7(), purchase.id, number, payment.method, payment.amount)
        for number, payment in enumerate(new.payments, start=1)
    ]
    add_events(sheet, purchase, place.zone, lines=len(sheet.lines))
    return sheet


def _purchase_row(
    new: NewPurchase, place: Place, buyer: Holder | None, staff: UUID | None, shift: UUID | None
) -> PurchaseRow:
    origin = events.current_origin()
    return PurchaseRow(
        id=uuid7(),
        source=new.source,
        external_id=new.external_id,
        fingerprint="\\x" + new.fingerprint.hex(),
        member=buyer.member if buyer else None,
        account=buyer.account if buyer else None,
        store=place.store_id,
        staff=staff,
        at=place.at.astimezone(UTC),
        currency=place.currency,
        amount=new.amount,
        discount=new.discount,
        returned=0,
        origin=origin,
        batch=events.current_batch(),
        recorded_at=clock.now(),
        tier=buyer.tier if buyer else None,
        shift=shift,
        claim_code=new_code() if buyer is None and origin == "live" else None,
    )


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
