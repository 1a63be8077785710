"""Files about a member, and the rights of that person, as cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.members.service import attachments, is_visible
from tessera.members.service.erasing import PERMISSION as ERASE
from tessera.members.service.telling import PERMISSION as EXPORT
from tessera.members.service.telling import REVEAL

SHOWN = 12


async def attachments_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The newest files, and a way to add one where one may."""
    if member is None:
        return None
    files = await attachments.attachments_of(member)
    may_add = actor().may(attachments.WRITE) and await is_visible(member, attachments.WRITE)
    if not files and not may_add:
        return None
    return {
        "member_id": member,
        "files": files[:SHOWN],
        "older": files[SHOWN:],
        "may_change": may_add,
        "may_reveal": actor().may(REVEAL) and await is_visible(member, REVEAL),
        "megabytes": attachments.largest() >> 20,
    }


async def privacy_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What the person themselves may ask for; nothing where neither may be done."""
    if member is None:
        return None
    may_tell = await _may(member, EXPORT) and await _may(member, REVEAL)
    may_erase = await _may(member, ERASE)
    if not may_tell and not may_erase:
        return None
    return {"member_id": member, "may_tell": may_tell, "may_erase": may_erase}


async def _may(member: UUID, permission: str) -> bool:
    return actor().may(permission) and await is_visible(member, permission)
