"""What is overdue in any room or plugin: every table of due work has the same three columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchrow

LATE = timedelta(minutes=5)
"""How long after its time work that is due counts as overdue: longer than any tick and most leases."""

_TABLES = """
SELECT n.nspname AS schema, c.relname AS "table",
       bool_or(a.attname = 'parked_at') AS parks, bool_or(a.attname = 'state') AS has_state
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY 1, 2
HAVING array_agg(a.attname::text) @> ARRAY['due_at', 'lease_until', 'attempts']
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Overdue:
    """Rows of one table that are late, and by how many seconds the oldest is."""

    table: str
    rows: int
    seconds: float


async def overdue() -> list[Overdue]:
    """The tables in which work is late and nobody is at it."""
    late = []
    for row in await fetch(_TABLES):
        name = f'"{row["schema"]}"."{row["table"]}"'
        where = "due_at < $1 AND (lease_until IS NULL OR lease_until < $1)"
        where += " AND parked_at IS NULL" if row["parks"] else ""
        where += " AND state = 'due'" if row["has_state"] else ""
        found = await fetchrow(
            f"SELECT count(*) AS n, coalesce(extract(epoch FROM $2 - min(due_at)), 0)::float AS seconds "
            f"FROM {name} WHERE {where}",
            clock.now() - LATE,
            clock.now(),
        )
        if found["n"]:
            table = row["table"] if row["schema"] == "public" else f"{row['schema']}.{row['table']}"
            late.append(Overdue(table, found["n"], found["seconds"]))
    return late
