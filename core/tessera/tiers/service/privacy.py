"""A member's tier and how it came about: told to that person, and taken away when they are erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.members.service import ids_of
from tessera.tiers.service.defined import tier_of

_HELD = """
SELECT m.tier, t.since, t.until, t.grace_until, t.by_hand FROM member_tier t JOIN member m ON m.id = t.member
WHERE t.member = ANY($1)
"""
_CHANGES = """
SELECT before, after, direction, why, reason, evidence, at FROM tier_change WHERE member = ANY($1) ORDER BY at, id
"""


async def tell_tiers(member: UUID) -> dict[str, Any] | None:
    """The tier of a member with its days, and every change with its evidence."""
    ids = await ids_of(member)
    held = [{**dict(row), "tier": tier_of(row["tier"]).code} for row in await fetch(_HELD, ids)]
    changes = [dict(row) for row in await fetch(_CHANGES, ids)]
    return {"tier": held, "changes": changes} if held or changes else None


async def erase_tiers(member: UUID) -> None:
    """Take a member's tier and its history away; the reasons that people wrote speak of the person."""
    await execute("DELETE FROM member_tier WHERE member = $1", member)
    await execute("DELETE FROM tier_change WHERE member = $1", member)
    await execute("UPDATE member SET tier = NULL WHERE id = $1 AND tier IS NOT NULL", member)
