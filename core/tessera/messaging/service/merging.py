"""Merging and its undo for messages: what was sent and what is due is the survivor's, nobody is written to twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch
from tessera_hooks import Merging

_MOVE = """
UPDATE message x SET member = $2 WHERE x.member = $1 AND ($3::uuid[] IS NULL OR x.id = ANY($3)) AND NOT EXISTS (
    SELECT 1 FROM message y WHERE y.member = $2 AND x.rule IS NOT NULL
      AND (y.rule, y.cause, y.template, y.recipient, y.channel) = (x.rule, x.cause, x.template, x.recipient, x.channel))
RETURNING x.id
"""

_TWICE = """
UPDATE message SET state = 'blocked', reason = 'same_person', due_at = NULL, given = NULL, updated_at = $2
WHERE member = $1 AND state = 'due' AND lease_until IS NULL
"""
"""What is still due to the other and was written to the survivor for the same cause already."""


async def merge_messages(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor the other's messages; one for the same cause stays with the other and is not sent again."""
    moved = await fetch(_MOVE, merging.other, merging.survivor, None)
    await execute(_TWICE, merging.other, clock.now())
    return {"messages": [row["id"] for row in moved]}


async def unmerge_messages(merging: Merging) -> None:
    """Give the other's messages back; what was held back as a second one is left so, for its moment has passed."""
    ids = [UUID(text) for text in merging.kept.get("messages", ())]
    await execute(_MOVE, merging.survivor, merging.other, ids)
