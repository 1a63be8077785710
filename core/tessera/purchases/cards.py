"""Purchases on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.service import store_of
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow, fetchval
from tessera.purchases import service


async def purchases_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The last five, what was bought of late, and the way to all."""
    if member is None:
        return None
    bought = await service.latest(member)
    return {
        "member": member,
        "purchases": bought,
        "windows": await service.windows(member) if bought else [],
        "average": await _average(member),
        "store_of": store_of,
    }


async def _average(member: UUID) -> int | None:
    """What a purchase is worth on average, in minor units of the business's currency; nothing before the first."""
    average: int | None = await fetchval(
        "SELECT round(sum(amount - returned) / count(*))::bigint FROM purchase WHERE member = $1 AND currency = $2 "
        "HAVING count(*) > 0",
        member,
        business().currency,
    )
    return average


async def purchases_figure(member: UUID | None) -> Mapping[str, Any] | None:
    """How often and how much they bought, and when they were last here; nothing before the first time."""
    if member is None:
        return None
    stats = await fetchrow("SELECT purchases, spent, last_visit_on FROM member_stats WHERE member = $1", member)
    return {"member": member, "stats": stats} if stats is not None else None
