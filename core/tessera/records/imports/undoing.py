"""Taking an import of records back: those it made go, those it changed are as before."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.events import emit
from tessera.members.imports import Undone, refuse_if
from tessera.members.imports.batches import batch_row, rows_done
from tessera.records.formulas import computed
from tessera.records.kinds import Kind, kinds_here
from tessera.records.rows import birth_of
from tessera_hooks import DateField, Measure, Text, _


async def undo_records(batch: UUID) -> Undone:
    """Take back an import of records; refused where a record of it was corrected since."""
    kind = await _kind((await batch_row(batch))["options"]["type"])
    changed = [r for r in await rows_done(batch, "updated") if r["before"] is not None]
    versions: dict[UUID, int] = {}
    for one in changed:
        versions[one["target"]] = max(versions.get(one["target"], 0), one["before"]["version"])
    refuse_if(await _corrected(kind, batch, versions))
    for one in changed:
        await _restore(kind, one["target"], one["before"])
    removed = await _remove(kind, batch)
    restored = len({r["target"] for r in changed})
    await emit("records.import_undone", batch=batch, removed=removed, restored=restored)
    return Undone(batch, removed, restored)


async def _kind(code: str) -> Kind:
    """The record type of an import, whose plugin must be here to have its records taken back."""
    found = [kind for kind in await kinds_here() if kind.code == code]
    if not found:
        refuse_if([_("the plugin of {what} was removed", what=code)])
    return found[0]


async def _remove(kind: Kind, batch: UUID) -> int:
    try:
        return await execute(f"DELETE FROM {kind.table} WHERE batch = $1", batch)
    except asyncpg.ForeignKeyViolationError:
        refuse_if([_("other records stand on those that it made")])
        raise


async def _corrected(kind: Kind, batch: UUID, versions: Mapping[UUID, int]) -> list[Text]:
    await fetch(
        f"SELECT 1 FROM {kind.table} WHERE batch = $1 OR id = ANY($2) ORDER BY id FOR UPDATE", batch, list(versions)
    )
    count = await fetchval(
        f"SELECT count(*) FROM {kind.table} r LEFT JOIN unnest($2::uuid[], $3::int[]) AS w (id, version) "
        "ON w.id = r.id WHERE (r.batch = $1 AND r.version <> 1) OR r.version <> w.version",
        batch,
        list(versions),
        list(versions.values()),
    )
    return [_("{count} of its records have been corrected since", count=count)] if count else []


async def _restore(kind: Kind, record: UUID, before: Mapping[str, Any]) -> None:
    """One record with the values it had, and what is derived from them."""
    (row,) = await fetch(
        f"SELECT r.*, m.gender, m.birth_year, m.birth_month, m.birth_day FROM {kind.table} r "
        "JOIN member m ON m.id = r.member WHERE r.id = $1",
        record,
    )
    values = {name: row[name] for name in ("recorded_on", "note", *kind.fields)}
    values.update({name: _value(kind, name, value) for name, value in before["values"].items()})
    values.update(computed(kind, values, birth_of(row).person_on(values["recorded_on"])))
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=2))
    await execute(f"UPDATE {kind.table} SET {sets}, version = version + 1 WHERE id = $1", record, *values.values())
    await emit(kind.changed, member=row["member"], store=row["store"], record=record)


def _value(kind: Kind, name: str, stored: Any) -> Any:
    """A column's value from JSON."""
    declared = kind.fields.get(name)
    if stored is None:
        return None
    if kind.sealed.get(name) == "bytes":
        return base64.b64decode(stored)
    if isinstance(declared, Measure):
        return Decimal(stored)
    return date.fromisoformat(stored) if isinstance(declared, DateField) or name == "recorded_on" else stored
