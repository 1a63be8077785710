"""Running migrations: one transaction each, with its bookkeeping, under one lock of the database."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import CannotRun
from tessera.kernel.migrations.found import CORE, Found, Migration

LOCK = 0x7E55E7A
"""The advisory lock under which schemas change; held to the end of each migration's transaction."""

_BOOKKEEPING = """
CREATE TABLE IF NOT EXISTS migration (
    plugin text NOT NULL,
    id text NOT NULL,
    ran_at timestamptz NOT NULL,
    PRIMARY KEY (plugin, id)
)
"""


async def done() -> dict[str, set[str]]:
    """The ids of the migrations that have run, by plugin."""
    if await fetchval("SELECT to_regclass('public.migration')") is None:
        return {}
    by_plugin: dict[str, set[str]] = {}
    for row in await fetch("SELECT plugin, id FROM migration"):
        by_plugin.setdefault(row["plugin"], set()).add(row["id"])
    return by_plugin


async def refuse_newer(found: Sequence[Found]) -> None:
    """Refuse a database that knows migrations which this code does not.

    Plugins whose code is not installed are left out: their tables simply rest.
    """
    ran = await done()
    for one in found:
        unknown = sorted(ran.get(one.plugin, set()) - {m.id for m in one.migrations})
        if unknown:
            whose = "Tessera" if one.plugin == CORE else f'plugin "{one.plugin}"'
            raise CannotRun(
                f"the database is newer than this version of {whose} (it has migration {unknown[-1]}): "
                "install the newer version, or restore a backup made with this one"
            )


async def removed_plugins() -> set[str]:
    """Plugins that were removed from this business: their schema stays away until they are enabled or restored."""
    if await fetchval("SELECT to_regclass('public.plugin_state')") is None:
        return set()
    return {row["name"] for row in await fetch("SELECT name FROM plugin_state WHERE removed_at IS NOT NULL")}


async def pending(found: Sequence[Found]) -> list[Migration]:
    """Migrations that have not run yet, in the order in which they will."""
    ran, removed = await done(), await removed_plugins()
    wanted = [one for one in found if one.plugin not in removed]
    return [m for one in wanted for m in one.migrations if m.id not in ran.get(one.plugin, set())]


async def migrate(found: Sequence[Found], said: Callable[[Migration], None] | None = None) -> int:
    """Run what is pending and answer how many there were.

    Each migration and its row commit together, so a process that is killed anywhere leaves either
    all of a migration or nothing; the lock lets one process at a time look and change.
    """
    await refuse_newer(found)
    count = 0
    for migration in await pending(found):
        if await in_transaction(lambda m=migration: _run_one(m)):  # type: ignore[misc]
            count += 1
            if said:
                said(migration)
    return count


async def _run_one(migration: Migration) -> bool:
    await execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    await execute(_BOOKKEEPING)
    known = "SELECT 1 FROM migration WHERE plugin = $1 AND id = $2"
    if await fetchval(known, migration.plugin, migration.id):
        return False
    manager = await migration.forwards()
    with contextlib.redirect_stdout(io.StringIO()):
        await manager.run()
    await execute(
        "INSERT INTO migration (plugin, id, ran_at) VALUES ($1, $2, $3)",
        migration.plugin,
        migration.id,
        clock.now(),
    )
    return True
