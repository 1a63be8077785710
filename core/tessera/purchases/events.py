"""What purchases tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.access.service import store_of
from tessera.kernel.business import say_money
from tessera.kernel.database import fetch
from tessera.kernel.texts import translate
from tessera_hooks import Event, Happened, TimelineEntry, _


class PurchaseRecorded(msgspec.Struct):
    """A purchase by its id; ``amount`` in minor units of ``currency``."""

    purchase: UUID
    amount: int
    currency: str
    lines: int


class PurchaseReturned(msgspec.Struct):
    """A return by its id, with its purchase where that is known."""

    purchase_return: UUID
    amount: int
    currency: str
    purchase: UUID | None = None


class VisitRecorded(msgspec.Struct):
    """A visit by its id, and what it was: ``purchase``, or what a plugin calls it."""

    visit: UUID
    kind: str


class ImportUndone(msgspec.Struct):
    """An import of receipts was taken back."""

    batch: UUID
    removed: int


def _money(event: Happened) -> str:
    return say_money(event.payload["amount"], event.payload["currency"])


def _store(event: Happened) -> str:
    store = store_of(event.store)
    return store.name if store else ""


async def _recorded(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    said = {}
    wanted = [UUID(event.payload["purchase"]) for event in events]
    there = {str(row["id"]) for row in await fetch("SELECT id FROM purchase WHERE id = ANY($1)", wanted)}
    for event in events:
        if event.payload["purchase"] not in there:
            said[event.id] = TimelineEntry(
                _("Bought for {amount}", amount=_money(event)), _("taken back together with its import")
            )
            continue
        lines = event.payload["lines"]
        count = _("{n} lines", n=lines) if lines != 1 else _("1 line")
        detail = " · ".join(part for part in (translate(count) if lines else "", _store(event)) if part)
        said[event.id] = TimelineEntry(
            _("Bought for {amount}", amount=_money(event)), detail, f"/purchases/{event.payload['purchase']}"
        )
    return said


async def _returned(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    said = {}
    for event in events:
        purchase = event.payload.get("purchase")
        said[event.id] = TimelineEntry(
            _("Returned for {amount}", amount=_money(event)),
            _store(event),
            f"/purchases/{purchase}" if purchase else None,
        )
    return said


async def _visited(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {event.id: TimelineEntry(_("Visited"), _store(event)) for event in events}


EVENTS = [
    Event("purchase.recorded", _("Purchase"), PurchaseRecorded, icon="receipt", timeline=_recorded),
    Event("purchase.returned", _("Return"), PurchaseReturned, icon="receipt-refund", timeline=_returned),
    Event("visit.recorded", _("Visit"), VisitRecorded, icon="door-enter", timeline=_visited),
    Event("purchases.import_undone", _("Import of receipts taken back"), ImportUndone, on_timeline=False),
]
