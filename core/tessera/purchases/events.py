"""What purchases tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.access.service import store_of
from tessera.kernel.business import say_money
from tessera.kernel.database import fetch
from tessera.kernel.texts import translate
from tessera.members.service import responsible_among, stores_seen
from tessera_hooks import Event, Happened, TimelineEntry, _


class PurchaseRecorded(msgspec.Struct):
    """A purchase by its id; ``amount`` in minor units of ``currency``."""

    purchase: UUID
    amount: int
    currency: str
    lines: int


class PurchaseClaimed(msgspec.Struct):
    """A purchase by its id that was made without a member and is one's now; ``amount`` in minor units."""

    purchase: UUID
    amount: int
    currency: str


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


class ShiftOpened(msgspec.Struct):
    """Someone began a shift at a till."""

    shift: UUID


class ShiftEnded(msgspec.Struct):
    """A shift was counted; ``difference`` is counted less expected over all methods, in minor units."""

    shift: UUID
    difference: int
    currency: str


def _money(event: Happened) -> str:
    return say_money(event.payload["amount"], event.payload["currency"])


def _store(event: Happened) -> str:
    store = store_of(event.store)
    return store.name if store else ""


UNDONE = _("taken back together with its import")


async def _there(table: str, key: str, events: Sequence[Happened]) -> set[str]:
    """The ids named by events whose rows are still there: an import that was taken back left its events."""
    wanted = [UUID(event.payload[key]) for event in events]
    return {str(row["id"]) for row in await fetch(f"SELECT id FROM {table} WHERE id = ANY($1)", wanted)}


async def _seen(events: Sequence[Happened]) -> list[Happened]:
    """Those of the stores and members whose purchases the actor may see; the others keep their bare titles."""
    stores = stores_seen("purchases.read")
    if stores is None:
        return list(events)
    own = await responsible_among({event.member for event in events if event.member}, "purchases.read")
    return [event for event in events if event.store in stores or event.member in own]


async def _recorded(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    events = await _seen(events)
    there = await _there("purchase", "purchase", events)
    return {event.id: _purchase(event, event.payload["purchase"] in there) for event in events}


def _purchase(event: Happened, there: bool) -> TimelineEntry:
    title = _("Bought for {amount}", amount=_money(event))
    if not there:
        return TimelineEntry(title, UNDONE)
    lines = event.payload["lines"]
    count = _("{n} lines", n=lines) if lines != 1 else _("1 line")
    detail = " · ".join(part for part in (translate(count) if lines else "", _store(event)) if part)
    return TimelineEntry(title, detail, f"/purchases/{event.payload['purchase']}")


async def _claimed(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    there = await _there("purchase", "purchase", events)
    said = {}
    for event in await _seen(events):
        title, purchase = _("Claimed a receipt for {amount}", amount=_money(event)), event.payload["purchase"]
        known = purchase in there
        said[event.id] = TimelineEntry(
            title, _store(event) if known else UNDONE, f"/purchases/{purchase}" if known else None
        )
    return said


async def _returned(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    events = await _seen(events)
    there = await _there("purchase_return", "purchase_return", events)
    said = {}
    for event in events:
        known = event.payload["purchase_return"] in there
        purchase = event.payload.get("purchase") if known else None
        said[event.id] = TimelineEntry(
            _("Returned for {amount}", amount=_money(event)),
            _store(event) if known else UNDONE,
            f"/purchases/{purchase}" if purchase else None,
        )
    return said


async def _visited(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    there = await _there("visit", "visit", events)
    return {
        event.id: TimelineEntry(_("Visited"), _store(event) if event.payload["visit"] in there else UNDONE)
        for event in events
    }


EVENTS = [
    Event("purchase.recorded", _("Purchase"), PurchaseRecorded, icon="receipt", timeline=_recorded),
    Event("purchase.claimed", _("Receipt claimed"), PurchaseClaimed, icon="receipt-2", timeline=_claimed),
    Event("purchase.returned", _("Return"), PurchaseReturned, icon="receipt-refund", timeline=_returned),
    Event("visit.recorded", _("Visit"), VisitRecorded, icon="door-enter", timeline=_visited),
    Event("purchases.import_undone", _("Import of receipts taken back"), ImportUndone, on_timeline=False),
    Event("shift.opened", _("Shift opened"), ShiftOpened, on_timeline=False),
    Event("shift.ended", _("Shift ended"), ShiftEnded, on_timeline=False),
]
