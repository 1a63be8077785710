"""Tasks about one member: told to that person, and taken away when they are erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.members.service import ids_of

_TASKS = """
SELECT id, kind, plugin, title, detail, state, due_at, created_at, outcome, done_at FROM task
WHERE member = ANY($1) ORDER BY id
"""


async def tell_tasks(member: UUID) -> dict[str, Any] | None:
    """What was to be done about a member, and how it went."""
    rows = await fetch(_TASKS, await ids_of(member))
    return {"tasks": [dict(row) for row in rows]} if rows else None


async def erase_tasks(member: UUID) -> None:
    """Take tasks about a member away: their titles and outcomes speak of the person."""
    await execute("DELETE FROM task WHERE member = $1", member)
