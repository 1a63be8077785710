"""Family, payers and employer of a member, and what identifies them, as cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.members import service
from tessera.members.identities import LABELS
from tessera.members.labels import TIES


async def links_card(member: UUID | None) -> Mapping[str, Any] | None:
    """Whom to call and whom to open in one tap; nothing for a member who stands alone."""
    if member is None:
        return None
    links = [one for one in await service.links_of(member) if not one.ended]
    if not links:
        return None
    others = await service.views([one.other.id for one in links if one.other is not None])
    return {
        "member_id": member,
        "links": links,
        "ties": TIES,
        "revealable": {view.id: view.revealable for view in others},
        "may_change": actor().may("members.write"),
    }


async def identities_card(member: UUID | None) -> Mapping[str, Any] | None:
    """Cards and ids, and the ways to change them and to link members."""
    if member is None:
        return None
    view = await service.member(member)
    shown = [one for one in view.identities if one.kind not in ("phone", "email") or not one.is_primary]
    may_change = actor().may("members.write")
    return {"member": view, "shown": shown, "labels": LABELS, "may_change": may_change} if shown or may_change else None
