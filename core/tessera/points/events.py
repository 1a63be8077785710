"""What the ledger tells: the payloads of its events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.members.service import visible_among
from tessera_hooks import Event, Happened, Text, TimelineEntry, _


class PointsMoved(msgspec.Struct):
    """An entry by its id, its unit and its amount (above zero), and the purchase it is for."""

    entry: UUID
    unit: str
    points: int
    purchase: UUID | None = None


def _title(kind: str, points: int) -> Text:
    match kind:
        case "points.earned":
            return _("{n} points earned", n=points)
        case "points.taken_back":
            return _("{n} points taken back", n=points)
        case "points.credited":
            return _("{n} points credited", n=points)
        case _:
            return _("{n} points spent", n=points)


async def _read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    """Amounts for those who may see the member's points; others read the bare titles."""
    members = {event.member for event in events if event.member is not None}
    seen = await visible_among(sorted(members), "points.read")
    return {
        event.id: TimelineEntry(_title(event.kind, event.payload["points"]), url=f"/members/{event.member}/points")
        for event in events
        if event.member in seen
    }


EVENTS = [
    Event("points.earned", _("Points earned"), PointsMoved, icon="coins", timeline=_read),
    Event("points.taken_back", _("Points taken back"), PointsMoved, icon="arrow-back-up", timeline=_read),
    Event("points.credited", _("Points credited"), PointsMoved, icon="coins", timeline=_read),
    Event("points.spent", _("Points spent"), PointsMoved, icon="gift", timeline=_read),
]
