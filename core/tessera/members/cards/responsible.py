"""Who is responsible for a member, as a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.members.service.responsible import responsible_of


async def responsible_card(member: UUID | None) -> Mapping[str, Any] | None:
    """Whoever is responsible, and the way to change it; nothing for those who could not where there is nobody."""
    if member is None:
        return None
    found = list((await responsible_of(member)).values())
    may_change = actor().may("members.write")
    return {"responsible": found, "member": member, "may_change": may_change} if found or may_change else None
