"""What the ledger tells: the payloads of its events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.members.service import visible_among
from tessera.points.saying import say_amount
from tessera.points.service.deeds import deed_title
from tessera.points.service.units import POINTS, unit_titles
from tessera_hooks import Event, Happened, Text, TimelineEntry, _


class PointsMoved(msgspec.Struct):
    """An entry by its id, its unit and its amount (above zero), and the purchase or the deed it is for.

    A purchase that earns by several rules tells of them together; ``entry`` is the first.
    """

    entry: UUID
    unit: str
    points: int
    purchase: UUID | None = None
    deed: str | None = None


class DeedDone(msgspec.Struct):
    """A deed that earned, by the rule and the entry; ``points`` is what it brought."""

    deed: str
    rule: str
    entry: UUID
    points: int


def _title(kind: str, points: int, deed: str | None = None) -> Text:
    match kind:
        case "points.earned" if deed is not None:
            return _("{deed}: {n} points earned", deed=deed_title(deed), n=points)
        case "points.earned":
            return _("{n} points earned", n=points)
        case "points.taken_back":
            return _("{n} points taken back", n=points)
        case "points.reversed":
            return _("{n} points corrected", n=points)
        case "points.credited":
            return _("{n} points credited", n=points)
        case _:
            return _("{n} points spent", n=points)


async def _read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    """Amounts for those who may see the member's points; others read the bare titles."""
    members = {event.member for event in events if event.member is not None}
    seen = await visible_among(sorted(members), "points.read")
    titles = await unit_titles({event.payload["unit"] for event in events})
    return {
        event.id: TimelineEntry(
            _read_one(event, titles), url=f"/members/{event.member}/points?unit={event.payload['unit']}"
        )
        for event in events
        if event.member in seen
    }


def _read_one(event: Happened, titles: Mapping[str, Text | str]) -> Text:
    unit, points = event.payload["unit"], event.payload["points"]
    if unit == POINTS:
        return _title(event.kind, points, event.payload.get("deed"))
    known = {"unit": titles[unit], "n": say_amount(points, unit)}
    match event.kind:
        case "points.credited":
            return _("{unit}: {n} credited", **known)
        case "points.reversed":
            return _("{unit}: {n} corrected", **known)
        case _:
            return _("{unit}: {n} spent", **known)


EVENTS = [
    Event("points.deed_done", _("A deed earned points"), DeedDone, icon="heart-handshake", on_timeline=False),
    Event("points.earned", _("Points earned"), PointsMoved, icon="coins", timeline=_read),
    Event("points.taken_back", _("Points taken back"), PointsMoved, icon="arrow-back-up", timeline=_read),
    Event("points.credited", _("Points credited"), PointsMoved, icon="coins", timeline=_read),
    Event("points.reversed", _("An entry was taken back"), PointsMoved, icon="arrow-back-up", timeline=_read),
    Event("points.spent", _("Points spent"), PointsMoved, icon="gift", timeline=_read),
]
