"""Records of one member, of every plugin: told to that person, and taken away when they are erased."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.kernel.plugins.relations import keys_of, parents_first
from tessera.members.service import ids_of
from tessera.records.kinds import Kind, kinds_here
from tessera.records.sealed import opened

_OWN = ("id", "recorded_on", "origin", "note", "created_at")


async def tell_records(member: UUID) -> dict[str, Any] | None:
    """The records of a member by type, of plugins that rest too, with all their values."""
    ids = await ids_of(member)
    told: dict[str, Any] = {}
    for kind in await _kept():
        columns = ", ".join((*_OWN, *kind.columns))
        rows = await fetch(f"SELECT {columns} FROM {kind.table} WHERE member = ANY($1) ORDER BY recorded_on, id", ids)
        if rows:
            told[kind.code] = [{name: opened(kind, name, value) for name, value in row.items()} for row in rows]
    return told or None


async def erase_records(member: UUID) -> None:
    """Take a member's records away, those first that point at others."""
    for kind in reversed(await _kept()):
        await execute(f"DELETE FROM {kind.table} WHERE member = $1", member)


async def _kept() -> Sequence[Kind]:
    """The record types whose tables are there, those first that others point at."""
    ordered: list[Kind] = []
    there = sorted(await kinds_here(), key=lambda kind: kind.plugin)
    for plugin, its in groupby(there, key=lambda kind: kind.plugin):
        by_name = {kind.name: kind for kind in its}
        ordered += [by_name[name] for name in parents_first(list(by_name), await keys_of(plugin), plugin)]
    return ordered
