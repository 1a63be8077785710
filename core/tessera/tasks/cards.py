"""Tasks on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.tasks import service

MOST = 5


async def tasks_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What is still to do for this member, as far as it concerns whoever looks."""
    if member is None:
        return None
    waiting = await service.tasks(member=member, limit=MOST)
    return {"tasks": waiting.items} if waiting.items else None
