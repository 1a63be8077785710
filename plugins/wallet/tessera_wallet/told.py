"""How the history of a member tells what the wallet did: to whom, and money in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from tessera.plugin import members, say_money
from tessera_hooks import Happened, TimelineEntry, TimelineReader
from tessera_wallet.permissions import READ


async def seen_of(events: Sequence[Happened], permission: str) -> list[Happened]:
    """Those events of whose members the actor may see this part of the wallet; the others keep their bare titles."""
    about = sorted({event.member for event in events if event.member is not None})
    seen = set(await members.visible_among(about, permission))
    return [event for event in events if event.member in seen]


def reader(say: Callable[[Happened], TimelineEntry]) -> TimelineReader:
    """Reads events for those who may see the member's stored value and packs; others see bare titles."""

    async def read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
        return {event.id: say(event) for event in await seen_of(events, READ)}

    return read


def money(event: Happened, name: str) -> str:
    """An amount of an event as people read it."""
    return say_money(event.payload[name], event.payload["currency"])
