"""Files about a member, and the rights of that person, as cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.database import fetchval
from tessera.members.service import attachments
from tessera.members.service.erasing import PERMISSION as ERASE
from tessera.members.service.reveal import may_reveal_of
from tessera.members.service.telling import PERMISSION as EXPORT

SHOWN = 12


async def attachments_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The newest files, and a way to add one where one may."""
    if member is None:
        return None
    files = await attachments.attachments_of(member)
    store = await _store(member)
    may_add = actor().may(attachments.WRITE, store)
    if not files and not may_add:
        return None
    return {
        "member_id": member,
        "files": files[:SHOWN],
        "older": files[SHOWN:],
        "may_change": may_add,
        "may_reveal": await may_reveal_of(member),
        "megabytes": attachments.largest() >> 20,
    }


async def privacy_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What the person themselves may ask for; nothing where neither may be done."""
    if member is None or not (actor().may(ERASE) or actor().may(EXPORT)):
        return None
    store = await _store(member)
    may_tell = actor().may(EXPORT, store) and await may_reveal_of(member)
    may_erase = actor().may(ERASE, store)
    return {"member_id": member, "may_tell": may_tell, "may_erase": may_erase} if may_tell or may_erase else None


async def _store(member: UUID) -> UUID | None:
    """The home store, whose rights decide what is offered; each action asks again for itself."""
    found: UUID | None = await fetchval("SELECT store FROM member WHERE id = $1", member)
    return found
