"""Removing a plugin from a business: all that is its own goes into an export and out of the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tessera import __version__
from tessera.kernel import clock, generation, witness
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import CannotRun, Conflict
from tessera.kernel.migrations.run import LOCK
from tessera.kernel.plugins.archive import ExportManifest, Grant, writing
from tessera.kernel.plugins.host import host
from tessera.kernel.plugins.provenance import GRANTS, own_rows
from tessera.kernel.plugins.relations import CORE_SCHEMA, primary_key, quoted, tables_in, tables_with
from tessera.kernel.plugins.state import PluginUnknown
from tessera_hooks import _


class PluginRequired(Conflict):
    """Another enabled plugin builds on the one that is to go."""

    code = "plugin_required"


class PluginHasBalance(Conflict):
    """Members still own units of the plugin."""

    code = "plugin_has_balance"


@dataclass(frozen=True)
class Removed:
    """What was taken: rows of the plugin's own tables, and of the core's, each by table."""

    tables: dict[str, int]
    core: dict[str, int]
    export: Path


async def remove(name: str, export: Path, *, write_off: Callable[[], Awaitable[None]] | None = None) -> Removed:
    """Export a plugin and take what is its own, in one transaction; the history that it left stays.

    Works from what the database knows, so the plugin's code may be gone already. Refused while an
    enabled plugin requires it, and while members own units of it unless ``write_off`` books those
    away. The export is on disk before anything is taken.
    """
    await refuse_unknown(name)
    refuse_required(name)
    if export.exists():
        raise CannotRun(f"{export} is there already: choose another file")

    async def work() -> Removed:
        export.unlink(missing_ok=True)  # of an attempt that PostgreSQL asked to be made again
        await generation.bump()
        await execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if write_off is not None:
            await write_off()
        await refuse_balances(name)
        await _lock_tables(name)
        manifest = await export_plugin(name, export)
        await _take(name)
        return Removed({p.table: p.rows for p in manifest.tables}, {p.table: p.rows for p in manifest.core}, export)

    removed = await in_transaction(work)
    await generation.refresh()
    return removed


async def refuse_unknown(name: str) -> None:
    """Refuse a plugin that this business never had, or that was removed already."""
    state = await fetchrow("SELECT removed_at FROM plugin_state WHERE name = $1", name)
    if state is None:
        raise PluginUnknown(_('this business knows no plugin "{name}"', name=name), plugin=name)
    if state["removed_at"] is not None:
        raise PluginUnknown(
            _('the plugin "{name}" was removed on {day}', name=name, day=state["removed_at"].date().isoformat()),
            plugin=name,
        )


def refuse_required(name: str) -> None:
    """Refuse while an enabled plugin builds on this one."""
    above = [p for p in host().requiring(name) if p != name and host().enabled(p)]
    if above:
        raise PluginRequired(
            _('"{other}" is enabled and requires "{name}": disable or remove it first', other=above[0], name=name),
            plugin=name,
            required_by=above,
        )


async def refuse_balances(name: str) -> None:
    """Refuse while members own, or owe, units whose names begin with the plugin's."""
    if await fetchval("SELECT to_regclass('public.balance')") is None:
        return
    row = await fetchrow(
        "SELECT count(*) AS n, min(unit) AS unit FROM balance "
        "WHERE starts_with(unit, $1 || '.') AND (balance <> 0 OR debt <> 0)",
        name,
    )
    if row["n"]:
        raise PluginHasBalance(
            _(
                '{n} balances in units of "{name}" are not zero (such as {unit}): let members use them up, '
                "or write them off with a reason",
                n=row["n"],
                name=name,
                unit=row["unit"],
            ),
            plugin=name,
            balances=row["n"],
        )


async def export_plugin(name: str, path: Path) -> ExportManifest:
    """Write a plugin's tables, its rows among the core's, and the rights that were given out in its name."""
    state = await fetchrow("SELECT title, version FROM plugin_state WHERE name = $1", name)
    ids = await fetch("SELECT id FROM migration WHERE plugin = $1 ORDER BY id", name)
    with writing(path) as out:
        tables = [await out.table("tables", name, table) for table in await tables_in(name)]
        core = [
            await out.table("core", CORE_SCHEMA, own.table, own.condition, name)
            for own in await own_rows()
            if own.brought_back
        ]
        manifest = ExportManifest(
            plugin=name,
            title=state["title"],
            version=state["version"],
            tessera=__version__,
            taken_at=clock.now().isoformat(),
            migrations=[row["id"] for row in ids],
            tables=tables,
            core=core,
            grants=await _grants(name),
        )
        out.manifest(manifest)
    return manifest


async def _lock_tables(name: str) -> None:
    """Nobody writes to the plugin's tables between the export and their end."""
    tables = await tables_in(name)
    if tables:
        listed = ", ".join(f"{quoted(name)}.{quoted(table)}" for table in tables)
        await execute(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")


async def _grants(name: str) -> list[Grant]:
    found = []
    for table in await tables_with(GRANTS):
        key = (await primary_key(CORE_SCHEMA, table))[0]
        own = "AND plugin <> $1" if table in await tables_with("plugin") else ""
        rows = await fetch(
            f"SELECT {quoted(key)}::text AS key, array(SELECT p FROM jsonb_array_elements_text({GRANTS}) p "
            f"WHERE starts_with(p, $1 || '.')) AS held FROM {quoted(table)} "
            f"WHERE jsonb_typeof({GRANTS}) = 'array' {own} ORDER BY 1",
            name,
        )
        found += [Grant(table, row["key"], row["held"]) for row in rows if row["held"]]
    return found


async def _take(name: str) -> None:
    for grant in await _grants(name):
        key = (await primary_key(CORE_SCHEMA, grant.table))[0]
        await execute(
            f"UPDATE {quoted(grant.table)} SET {GRANTS} = {GRANTS} - $2::text[] WHERE {quoted(key)}::text = $1",
            grant.key,
            grant.permissions,
        )
    await execute(f"DROP SCHEMA IF EXISTS {quoted(name)} CASCADE")
    for own in reversed(await own_rows()):
        await execute(f"DELETE FROM {quoted(own.table)} WHERE {own.condition}", name)
    await execute("DELETE FROM migration WHERE plugin = $1", name)
    await execute("UPDATE plugin_state SET removed_at = $2 WHERE name = $1", name, clock.now())
    await witness.changed("plugins.removed", plugin=name)
