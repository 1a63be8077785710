"""Purchases on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.service import store_of
from tessera.kernel.database import fetchrow
from tessera.purchases import service


async def purchases_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The last five, and the way to all."""
    if member is None:
        return None
    return {"member": member, "purchases": await service.latest(member), "store_of": store_of}


async def purchases_figure(member: UUID | None) -> Mapping[str, Any] | None:
    """How often and how much they bought, and when they were last here; nothing before the first time."""
    if member is None:
        return None
    stats = await fetchrow("SELECT purchases, spent, last_visit_on FROM member_stats WHERE member = $1", member)
    return {"member": member, "stats": stats} if stats is not None else None
