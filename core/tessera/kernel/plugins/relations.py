"""What PostgreSQL itself says of tables: their columns, their keys to one another, and an order to load them in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from tessera.kernel.database import fetch, fetchval

CORE_SCHEMA = "public"


class Column(msgspec.Struct, frozen=True):
    """A stored column and its type as PostgreSQL writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Key:
    """A foreign key of one column."""

    table: str
    column: str
    to_schema: str
    to_table: str
    to_column: str

    @property
    def target(self) -> str:
        """The table that it points at, with its schema."""
        return f"{quoted(self.to_schema)}.{quoted(self.to_table)}"


_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a
WHERE a.attrelid = format('%I.%I', $1::text, $2::text)::regclass
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""

_KEYS = """
SELECT child.relname AS "table", ca.attname AS "column",
       pn.nspname AS to_schema, parent.relname AS to_table, pa.attname AS to_column
FROM pg_constraint c
JOIN pg_class child ON child.oid = c.conrelid
JOIN pg_namespace cn ON cn.oid = child.relnamespace
JOIN pg_class parent ON parent.oid = c.confrelid
JOIN pg_namespace pn ON pn.oid = parent.relnamespace
JOIN pg_attribute ca ON ca.attrelid = c.conrelid AND ca.attnum = c.conkey[1]
JOIN pg_attribute pa ON pa.attrelid = c.confrelid AND pa.attnum = c.confkey[1]
WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1 AND cn.nspname = $1
ORDER BY 1, 2
"""

_WITH_COLUMN = """
SELECT c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2 AND NOT a.attisdropped
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
ORDER BY 1
"""


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


async def tables_in(schema: str) -> list[str]:
    """The tables of a schema by name; none where there is no such schema."""
    rows = await fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1", schema)
    return [row["name"] for row in rows]


async def tables_with(column: str) -> list[str]:
    """The core's tables that have a column of that name."""
    return [row["name"] for row in await fetch(_WITH_COLUMN, CORE_SCHEMA, column)]


async def columns_of(schema: str, table: str) -> list[Column]:
    """A table's columns in their order, without those that PostgreSQL computes."""
    return [Column(row["name"], row["type"]) for row in await fetch(_COLUMNS, schema, table)]


async def keys_of(schema: str) -> list[Key]:
    """The foreign keys that a schema's tables hold."""
    return [Key(**dict(row)) for row in await fetch(_KEYS, schema)]


async def primary_key(schema: str, table: str) -> list[str]:
    """The columns of a table's primary key."""
    rows = await fetch(
        "SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
        "AND a.attnum = ANY (i.indkey) WHERE i.indisprimary "
        "AND i.indrelid = format('%I.%I', $1::text, $2::text)::regclass ORDER BY a.attnum",
        schema,
        table,
    )
    return [row["name"] for row in rows]


async def count(schema: str, table: str) -> int:
    """How many rows a table has."""
    number: int = await fetchval(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)}")
    return number


def parents_first(tables: Collection[str], keys: Sequence[Key], schema: str) -> list[str]:
    """Tables after those that they point at; a circle is broken by name."""
    waiting = sorted(tables)
    ordered: list[str] = []
    while waiting:
        ready = [t for t in waiting if not _points_at(t, set(waiting) - {t}, keys, schema)]
        chosen = ready[0] if ready else waiting[0]
        ordered.append(chosen)
        waiting.remove(chosen)
    return ordered


def _points_at(table: str, others: Collection[str], keys: Sequence[Key], schema: str) -> bool:
    return any(k.table == table and k.to_schema == schema and k.to_table in others for k in keys)
