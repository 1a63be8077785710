"""Purchases on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.access.service import store_of
from tessera.purchases import service


async def purchases_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The last five, and the way to all."""
    if member is None:
        return None
    return {"member": member, "purchases": await service.latest(member), "store_of": store_of}
