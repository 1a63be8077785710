"""What rules did about one member, told to that person; it stays without the person, for it names nobody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.members.service import ids_of


async def tell_firings(member: UUID) -> dict[str, Any] | None:
    """Which rules fired for a member, for which cause, and what came of it."""
    rows = await fetch(
        "SELECT rule, cause, outcome, did, at FROM rule_firing WHERE member = ANY($1) ORDER BY id",
        await ids_of(member),
    )
    return {"firings": [dict(row) for row in rows]} if rows else None
