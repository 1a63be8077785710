"""Rewards on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetchval
from tessera.points.rewards import service

SHOWN = 3


async def rewards_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What waits to be picked up, and the way to more; nothing where there is no catalogue."""
    if member is None or not await fetchval("SELECT EXISTS (SELECT 1 FROM reward)"):
        return None
    return {"member": member, "waiting": await service.redemptions(member=member, status="open", limit=SHOWN)}
