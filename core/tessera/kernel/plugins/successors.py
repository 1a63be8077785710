"""Rows of the core that live on in others, or are no more: what an old export says of them follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tessera.kernel.database import execute, fetch
from tessera.kernel.plugins.relations import CORE_SCHEMA, Key, quoted

_successors: dict[str, str] = {}


def register_successors(table: str, query: str) -> None:
    """Say who the rows of a core table are today.

    ``query`` answers an ``id`` for each row that is not itself any more, and ``today``: in whom it lives on, or
    ``NULL`` where nothing may be said of it again.
    """
    _successors[table] = query


async def take_out_ended(loading: str, key: Key) -> Sequence[Any]:
    """Take out of a table that is being loaded what is about rows that are no more; answers whom, and nothing else."""
    query = _query(key)
    if query is None:
        return []
    return await fetch(
        f"DELETE FROM {loading} l USING ({query}) s WHERE s.id = l.{quoted(key.column)} AND s.today IS NULL "
        f"RETURNING jsonb_build_object('{key.column}', l.{quoted(key.column)}) AS row"
    )


async def follow(loading: str, key: Key, table: str) -> None:
    """Let what is loaded be about successors, row after row as far as the table's unique columns allow it.

    What a successor has too stays where it was, as a merge leaves it.
    """
    query = _query(key)
    if query is None:
        return
    column, taken = quoted(key.column), await _taken(loading, key, table)
    only_one = "DISTINCT ON (s.today)" if taken else ""
    moved = (
        f"UPDATE {loading} t SET {column} = w.today FROM (SELECT {only_one} l.ctid AS place, s.today FROM {loading} l "
        f"JOIN ({query}) s ON s.id = l.{column} WHERE s.today IS NOT NULL {taken} ORDER BY s.today, l.ctid) w "
        "WHERE t.ctid = w.place"
    )
    while await execute(moved):
        pass


async def _taken(loading: str, key: Key, table: str) -> str:
    """The condition that no row of a successor stands in the way, for each unique index that the column is of."""
    indexes = await fetch(
        "SELECT array_agg(a.attname::text) AS names FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
        "AND a.attnum = ANY (i.indkey) WHERE i.indisunique AND i.indrelid = $1::regclass GROUP BY i.indexrelid "
        "HAVING $2 = ANY (array_agg(a.attname::text))",
        table,
        key.column,
    )
    conditions = []
    for index in indexes:
        others = [quoted(name) for name in index["names"] if name != key.column]
        same = "".join(f" AND o.{name} = l.{name}" for name in others)
        conditions.append(f"AND NOT EXISTS (SELECT 1 FROM {loading} o WHERE o.{quoted(key.column)} = s.today{same})")
    return " ".join(conditions)


def _query(key: Key) -> str | None:
    return _successors.get(key.to_table) if key.to_schema == CORE_SCHEMA else None
