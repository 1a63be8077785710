"""Bringing a removed plugin back: loaded at the migration its export was taken at, then migrated to the present."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tessera.kernel import generation, witness
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import CannotRun, Conflict
from tessera.kernel.migrations import Found, find_migrations
from tessera.kernel.migrations.run import LOCK, migrate
from tessera.kernel.plugins import consumers
from tessera.kernel.plugins.admission import admitted, refuse_foreign_rows
from tessera.kernel.plugins.archive import ExportManifest, ExportReader, Part, reading
from tessera.kernel.plugins.host import host
from tessera.kernel.plugins.provenance import GRANTS, OwnRows
from tessera.kernel.plugins.relations import (
    CORE_SCHEMA,
    Key,
    columns_of,
    count,
    keys_of,
    parents_first,
    primary_key,
    quoted,
    tables_in,
)
from tessera.kernel.plugins.state import record_plugins
from tessera.kernel.plugins.successors import follow, take_out_ended
from tessera_hooks import _

_LOADING = "tessera_loading"
"""The session's own table into which each part is read before its rows are looked at."""

_MEANT = {"store": "store", "member": "member", "event": "event"}
"""Columns of core rows that mean a row of another table without a foreign key."""

_PRESENT = {
    "consumer": "ON CONFLICT (name) DO UPDATE SET position = greatest(consumer.position, excluded.position)",
}
"""What becomes of a row that is there already, where it is not simply kept: a reaction never goes back."""


class PluginInUse(Conflict):
    """The plugin has records here already."""

    code = "plugin_in_use"


@dataclass
class Restored:
    """What came back, row counts by table, and which rows could not, each with its reason."""

    plugin: str
    tables: dict[str, int] = field(default_factory=dict)
    core: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)
    rejects: Path | None = None


async def restore(path: Path) -> Restored:
    """Bring back what ``remove`` took, in one transaction.

    The plugin's code must be installed. Its tables are made as they were when the export was taken,
    loaded, and then migrated on. Rows that mean a member or a store that has gone meanwhile are left
    out and written, with the reason, to a file beside the export; those about a member who was merged
    meanwhile are about the survivor. An export that holds more of the core
    than the plugin's own rows and rights is refused as a whole.
    """
    with reading(path) as export:
        found = _migrations_for(export.manifest)

        async def work() -> Restored:
            await generation.bump()
            await execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            return await _bring_back(export, found)

        restored = await in_transaction(work)
    await generation.refresh()
    if restored.rejected:
        restored.rejects = _write_rejects(path, restored.rejected)
    return restored


def _migrations_for(manifest: ExportManifest) -> Found:
    """The migrations of the installed plugin, which must hold all that the export names."""
    plugin = host().plugins.get(manifest.plugin)
    if plugin is None:
        raise CannotRun(
            f'the export is of the plugin "{manifest.plugin}", which is not installed: install it first, then restore'
        )
    candidate = plugin.candidate
    found = find_migrations(candidate.name, candidate.migrations_folder, candidate.package)
    unknown = sorted(set(manifest.migrations) - {m.id for m in found.migrations})
    if unknown:
        raise CannotRun(
            f'the export was taken with a newer version of "{manifest.plugin}" ({manifest.version}, '
            f"migration {unknown[-1]}): install that version first, then restore"
        )
    return found


async def _bring_back(export: ExportReader, found: Found) -> Restored:
    manifest = export.manifest
    core = await admitted(manifest)
    await _make_room(manifest.plugin)
    await record_plugins(host())
    await execute("UPDATE plugin_state SET removed_at = NULL WHERE name = $1", manifest.plugin)
    then = tuple(m for m in found.migrations if m.id in set(manifest.migrations))
    await migrate([Found(found.plugin, found.folder, then)])
    restored = Restored(manifest.plugin)
    await _load_core(export, core, restored)
    await _load_tables(export, restored)
    await migrate([found])
    await _give_grants(manifest)
    await _follow_events(manifest.plugin)
    await witness.changed("plugins.restored", plugin=manifest.plugin)
    return restored


async def _follow_events(name: str) -> None:
    """Reactions go on at the present; those to history catch up, and none does anything twice."""
    await execute(
        "UPDATE consumer SET position = least(position, (SELECT position FROM dispatcher)) WHERE plugin = $1", name
    )
    if await fetchval("SELECT 1 FROM plugin_enabled WHERE plugin = $1 LIMIT 1", name):
        await consumers.begin(host(), [name], anew=True)


async def _make_room(name: str) -> None:
    """Take the plugin's empty tables away; refuse where they hold anything."""
    for table in await tables_in(name):
        if await count(name, table):
            raise PluginInUse(
                _('"{name}" has records here already: remove it with an export first, then restore', name=name),
                plugin=name,
            )
    await execute(f"DROP SCHEMA IF EXISTS {quoted(name)} CASCADE")
    await execute("DELETE FROM migration WHERE plugin = $1", name)


async def _load_tables(export: ExportReader, restored: Restored) -> None:
    name = export.manifest.plugin
    keys = await keys_of(name)
    parts = {part.table: part for part in export.manifest.tables}
    await _refuse_other_tables(name, parts)
    for table in parents_first(parts, keys, name):
        own = [k for k in keys if k.table == table]
        restored.tables[table] = await _load(export, parts[table], name, own, restored)
        await _advance_sequences(name, table)


async def _refuse_other_tables(name: str, parts: dict[str, Part]) -> None:
    there = {table: await columns_of(name, table) for table in await tables_in(name)}
    for table, part in parts.items():
        if table not in there or sorted(map(repr, there[table])) != sorted(map(repr, part.columns)):
            raise CannotRun(
                f'the migrations of "{name}" make another table {table} than the one in the export: '
                "install the version that the export was taken with, then restore"
            )


async def _load_core(export: ExportReader, core: Mapping[str, OwnRows], restored: Restored) -> None:
    keys = await keys_of(CORE_SCHEMA)
    there = set(await tables_in(CORE_SCHEMA))
    for part in export.manifest.core:
        if part.table not in core or not part.rows:
            continue
        held = [k for k in keys if k.table == part.table]
        bound = {k.column for k in held}
        held += [
            Key(part.table, c.name, CORE_SCHEMA, _MEANT[c.name], "id")
            for c in part.columns
            if c.name in _MEANT and c.name not in bound and _MEANT[c.name] in there
        ]
        restored.core[part.table] = await _load(export, part, CORE_SCHEMA, held, restored, core[part.table])


async def _load(
    export: ExportReader,
    part: Part,
    schema: str,
    keys: Sequence[Key],
    restored: Restored,
    own: OwnRows | None = None,
) -> int:
    """Load one part and answer how many of its rows are in place; the others are noted as rejected.

    ``own`` says which rows a table of the core may get; what is there already is kept then.
    """
    table = f"{quoted(schema)}.{quoted(part.table)}"
    await execute(f"CREATE TEMP TABLE {_LOADING} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP")
    await export.load(part, _LOADING)
    read = await fetchval(f"SELECT count(*) FROM {_LOADING}")
    if read != part.rows:
        raise CannotRun(f"{part.member} of the export holds {read} rows and should hold {part.rows}: it is damaged")
    if own is not None:
        await refuse_foreign_rows(restored.plugin, part, own, _LOADING)
    while any([await _reject(part, key, table, restored) for key in keys]):
        pass
    for key in keys:
        await follow(_LOADING, key, table)
    listed = ", ".join(quoted(c.name) for c in part.columns)
    kept = _PRESENT.get(part.table, "ON CONFLICT DO NOTHING") if own is not None else ""
    loaded = await execute(
        f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {listed} FROM {_LOADING} {kept}"
    )
    await execute(f"DROP TABLE {_LOADING}")
    return loaded


async def _reject(part: Part, key: Key, table: str, restored: Restored) -> bool:
    """Take out the rows whose key points nowhere; whether there were any.

    A table that points at itself may find its row among those that are still to be loaded.
    """
    column, to = quoted(key.column), quoted(key.to_column)
    among = f"OR EXISTS (SELECT 1 FROM {_LOADING} o WHERE o.{to} = l.{column})" if key.target == table else ""
    rows = await fetch(
        f"DELETE FROM {_LOADING} l WHERE l.{column} IS NOT NULL AND NOT "
        f"(EXISTS (SELECT 1 FROM {key.target} t WHERE t.{to} = l.{column}) {among}) RETURNING to_jsonb(l) AS row"
    )
    rows = [*rows, *await take_out_ended(_LOADING, key)]
    reason = f"{key.column} is no {key.to_table} that is there now"
    restored.rejected += [(part.table, reason, msgspec.json.encode(row["row"]).decode()) for row in rows]
    return bool(rows)


async def _advance_sequences(schema: str, table: str) -> None:
    """Numbers that PostgreSQL gives go on after those that were loaded."""
    for column in await columns_of(schema, table):
        sequence = await fetchval(
            "SELECT pg_get_serial_sequence(format('%I.%I', $1::text, $2::text), $3)", schema, table, column.name
        )
        if sequence:
            await execute(
                f"SELECT setval($1::regclass, greatest((SELECT max({quoted(column.name)}) "
                f"FROM {quoted(schema)}.{quoted(table)}), 1))",
                sequence,
            )


async def _give_grants(manifest: ExportManifest) -> None:
    for grant in manifest.grants:
        if grant.table not in await tables_in(CORE_SCHEMA):
            continue
        key = (await primary_key(CORE_SCHEMA, grant.table))[0]
        await execute(
            f"UPDATE {quoted(grant.table)} SET {GRANTS} = ({GRANTS} - $2::text[]) || to_jsonb($2::text[]) "
            f"WHERE {quoted(key)}::text = $1",
            grant.key,
            grant.permissions,
        )


def _write_rejects(export: Path, rejected: Sequence[tuple[str, str, str]]) -> Path:
    path = export.with_name(f"{export.stem}.rejected.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "reason", "row"])
        writer.writerows(rejected)
    return path
