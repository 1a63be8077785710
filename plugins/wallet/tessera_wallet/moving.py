"""Rows that change hands when members are merged, and come back when that is undone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import execute, fetch
from tessera_hooks import Merging

Columns = Sequence[tuple[str, str]]
"""Tables of the wallet, each with a column that names a member."""


async def move_rows(columns: Columns, merging: Merging) -> dict[str, list[UUID]]:
    """Give the survivor what names the other; answers the ids of the rows, by table and column."""
    moved = {}
    for table, column in columns:
        sql = f"UPDATE wallet.{table} SET {column} = $2 WHERE {column} = $1 RETURNING id"
        rows = await fetch(sql, merging.other, merging.survivor)
        moved[f"{table}.{column}"] = [row["id"] for row in rows]
    return moved


async def give_back_rows(columns: Columns, merging: Merging) -> None:
    """Give the other back what a merge moved, as far as it is still the survivor's."""
    for table, column in columns:
        ids = [UUID(str(id_)) for id_ in merging.kept.get(f"{table}.{column}", ())]
        sql = f"UPDATE wallet.{table} SET {column} = $2 WHERE {column} = $1 AND id = ANY($3)"
        await execute(sql, merging.survivor, merging.other, ids)
