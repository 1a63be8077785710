"""What rewards tell: the payload of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.kernel.database import fetch
from tessera.kernel.texts import own_text
from tessera.members.service import visible_among
from tessera_hooks import Event, Happened, Text, TimelineEntry, _


class RewardMoved(msgspec.Struct):
    """A redemption by its id, the reward's code, and its points."""

    redemption: UUID
    reward: str
    points: int


def _title(kind: str, reward: str) -> Text:
    match kind:
        case "reward.redeemed":
            return _("Redeemed: {reward}", reward=reward)
        case "reward.cancelled":
            return _("Redemption cancelled: {reward}", reward=reward)
        case _:
            return _("Handed over: {reward}", reward=reward)


async def _read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    """Which reward it was, for those who may see the member's points; others read the bare titles."""
    members = {event.member for event in events if event.member is not None}
    seen = await visible_among(sorted(members), "points.read")
    codes = sorted({event.payload["reward"] for event in events})
    rows = await fetch("SELECT code, title FROM reward WHERE code = ANY($1)", codes)
    names = {row["code"]: own_text(row["title"], row["code"]) for row in rows}
    return {
        event.id: TimelineEntry(
            _title(event.kind, names.get(event.payload["reward"], event.payload["reward"])),
            url=f"/members/{event.member}/redemptions/{event.payload['redemption']}",
        )
        for event in events
        if event.member in seen
    }


EVENTS = [
    Event("reward.redeemed", _("Reward redeemed"), RewardMoved, icon="gift", timeline=_read),
    Event("reward.handed_over", _("Reward handed over"), RewardMoved, icon="package", timeline=_read),
    Event("reward.cancelled", _("Redemption cancelled"), RewardMoved, icon="arrow-back-up", timeline=_read),
]
