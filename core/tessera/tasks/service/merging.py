"""Merging and its undo for tasks: what is to be done about the other is to be done about the survivor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera_hooks import Merging


async def merge_tasks(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor the other's tasks, done ones too."""
    rows = await fetch("UPDATE task SET member = $2 WHERE member = $1 RETURNING id", merging.other, merging.survivor)
    return {"tasks": [row["id"] for row in rows]}


async def unmerge_tasks(merging: Merging) -> None:
    """Give the other's tasks back."""
    ids = [UUID(text) for text in merging.kept.get("tasks", ())]
    await execute(
        "UPDATE task SET member = $2 WHERE member = $1 AND id = ANY($3)", merging.survivor, merging.other, ids
    )
