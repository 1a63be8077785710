"""What an export may bring into the core's tables: rows and rights that are the plugin's own, and nothing else.

An export is a file that anyone may have changed, its checksums too: what it holds is believed only as far as
``remove`` could have written it.
"""

from __future__ import annotations

from tessera.kernel.database import fetchval
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins.archive import ExportManifest, Part
from tessera.kernel.plugins.provenance import GRANTS, OwnRows, own_rows
from tessera.kernel.plugins.relations import CORE_SCHEMA, columns_of, primary_key, quoted, tables_in

_NAMES = ("character varying", "text")
"""The types of keys that are names; such a name begins with its plugin's."""

_OWN_RIGHTS = (
    f"CASE jsonb_typeof({GRANTS}) WHEN 'array' THEN NOT EXISTS ("
    f"SELECT 1 FROM jsonb_array_elements_text({GRANTS}) AS p WHERE NOT starts_with(p, $1 || '.')) ELSE FALSE END"
)


async def admitted(manifest: ExportManifest) -> dict[str, OwnRows]:
    """The tables of the core that the export fills, with the condition that each of their rows must fulfil.

    Refused as a whole where it would write another table, or grant a right that is not the plugin's own.
    Tables that are no longer there, and those that bring nothing, are passed over.
    """
    may = {own.table: own for own in await own_rows() if own.brought_back}
    there = set(await tables_in(CORE_SCHEMA))
    brought = [part.table for part in manifest.core if part.rows and part.table in there]
    for table in brought:
        if table not in may:
            raise _refusal(manifest.plugin, f"rows of {table}")
    for grant in manifest.grants:
        for permission in grant.permissions:
            if not permission.startswith(f"{manifest.plugin}."):
                raise _refusal(manifest.plugin, f'the permission "{permission}"')
    return {table: may[table] for table in brought}


async def refuse_foreign_rows(plugin: str, part: Part, own: OwnRows, loaded: str) -> None:
    """Refuse a part, read into the table ``loaded``, of which some row is not the plugin's own."""
    conditions = [own.condition]
    types = {column.name: column.type for column in await columns_of(CORE_SCHEMA, part.table)}
    if GRANTS in types:
        conditions.append(_OWN_RIGHTS)
    conditions += [
        f"starts_with({quoted(key)}, $1 || '.')"
        for key in await primary_key(CORE_SCHEMA, part.table)
        if types[key].startswith(_NAMES)
    ]
    wanted = " AND ".join(f"({condition})" for condition in conditions)
    foreign = await fetchval(f"SELECT count(*) FROM {loaded} WHERE ({wanted}) IS NOT TRUE", plugin)
    if foreign:
        raise _refusal(plugin, f"{foreign} rows of {part.table}")


def _refusal(plugin: str, what: str) -> CannotRun:
    return CannotRun(
        f'the export holds {what} that "{plugin}" does not own, and nothing was restored: '
        "give the file as `tessera plugin remove --export` wrote it"
    )
