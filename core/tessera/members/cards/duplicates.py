"""Whom a member may be as well, as a card at the top of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.members.service import duplicates

SHOWN = 3


async def duplicates_card(member: UUID | None) -> Mapping[str, Any] | None:
    """The open pairs of a member; nothing where there is none."""
    if member is None:
        return None
    pairs = await duplicates.pairs_of(member)
    if not pairs:
        return None
    others = [(pair, pair.other if pair.one.id == member else pair.one) for pair in pairs[:SHOWN]]
    return {"member_id": member, "others": others}
