"""Merging and its undo for rules: what fired for either fired for the survivor, and does not fire again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera_hooks import Merging

_MOVE = """
UPDATE rule_firing x SET member = $2 WHERE x.member = $1 AND ($3::uuid[] IS NULL OR x.id = ANY($3)) AND NOT EXISTS (
    SELECT 1 FROM rule_firing y WHERE y.member = $2 AND y.rule = x.rule AND y.cause = x.cause)
RETURNING x.id
"""


async def merge_firings(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor the other's firings; one for the same cause stays with the other."""
    return {"firings": [row["id"] for row in await fetch(_MOVE, merging.other, merging.survivor, None)]}


async def unmerge_firings(merging: Merging) -> None:
    """Give the other's firings back."""
    ids = [UUID(text) for text in merging.kept.get("firings", ())]
    await execute(_MOVE, merging.survivor, merging.other, ids)
