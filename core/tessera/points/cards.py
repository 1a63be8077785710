"""Points on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.points import service
from tessera.points.ledger import POINTS
from tessera.points.saying import say_amount, say_last_day
from tessera.points.service.units import unit_titles


async def points_card(member: UUID | None) -> Mapping[str, Any] | None:
    """What can be spent, what expires next, and where to read why."""
    if member is None:
        return None
    by_unit = await service.balances(member)
    held = by_unit.pop(POINTS)
    titles = await unit_titles(by_unit)
    return {
        "others": [
            (titles[unit], say_amount(facts.available, unit), f"/members/{member}/points?unit={unit}")
            for unit, facts in by_unit.items()
            if facts.balance or facts.debt
        ],
        "member": member,
        "points": held,
        "next": held.expiring[0] if held.expiring else None,
        "last_day": say_last_day,
    }
