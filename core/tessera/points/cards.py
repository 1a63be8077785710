"""Points on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.business import business
from tessera.points import service
from tessera.points.ledger import POINTS


async def points_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What can be spent, what expires next, and where to read why."""
    if member is None:
        return None
    held = (await service.balances(member))[POINTS]
    return {
        "member": member,
        "points": held,
        "next": held.expiring[0] if held.expiring else None,
        "zone": business().timezone,
    }
