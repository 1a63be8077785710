"""To whom the history of a member tells what the wallet did."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.plugin import members
from tessera_hooks import Happened


async def seen_of(events: Sequence[Happened], permission: str) -> list[Happened]:
    """Those events of whose members the actor may see this part of the wallet; the others keep their bare titles."""
    about = sorted({event.member for event in events if event.member is not None})
    seen = set(await members.visible_among(about, permission))
    return [event for event in events if event.member in seen]
