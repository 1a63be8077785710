"""Taking a list of members back: those it created go, those it changed are as before."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.events import emit
from tessera.members.imports import batches
from tessera.members.imports.contract import Undone
from tessera.members.imports.extensions import member_columns
from tessera.members.imports.people.marks import undo_custom
from tessera.members.imports.people.matching import PROFILE
from tessera.members.imports.undoing import refuse_if
from tessera.members.service.agreeing import unsay
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import Text, _

OWN = ("account", "identity", "contact", "member_store", "consent", "consent_word", "member_note")
"""The tables with what belongs to a member alone, which go with them."""

LOOSE = (*OWN, "duplicate")
"""Those and the pairs that members make with others: nothing that was built on them."""

_REFERENCES = """
SELECT format('%I.%I', n.nspname, t.relname) AS name, t.relname AS short, a.attname AS column,
    c.confrelid::regclass::text AS whose
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid IN ('member'::regclass, 'account'::regclass) AND NOT (t.relname = ANY($1))
ORDER BY 1
"""

_NEWER = """
SELECT count(DISTINCT e.member) FROM event e
WHERE e.member = ANY($1) AND e.batch IS DISTINCT FROM $2 AND e.recorded_at >= $3
"""


async def undo_members(batch: UUID) -> Undone:
    """Take back an import of members; refused where anything was built on those it touched."""
    row = await batches.batch_row(batch)
    created = [r["id"] for r in await fetch("SELECT id FROM member WHERE batch = $1 ORDER BY id FOR UPDATE", batch)]
    updates = [r for r in await batches.rows_done(batch, "updated") if r["before"] is not None]
    touched = sorted({r["target"] for r in updates})
    await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", touched)
    for column in member_columns():
        await column.undo(batch)
    await undo_custom(batch)
    refuse_if([*await _newer(created + touched, batch, row["started_at"]), *await _built_on(created)])
    for update in updates:
        await _restore(update["target"], update["before"], batch)
    await refresh_tokens(touched)
    await _remove(created)
    await emit("members.import_undone", batch=batch, created=len(created), updated=len(touched))
    return Undone(batch, len(created), len(touched))


async def _newer(members: Sequence[UUID], batch: UUID, since: Any) -> list[Text]:
    count = await fetchval(_NEWER, members, batch, since)
    return [_("{count} of its members have been changed or used since", count=count)] if count else []


async def _built_on(members: Sequence[UUID]) -> list[Text]:
    """What other tables hold about members that would go, by the foreign keys of all rooms and plugins."""
    found = []
    for reference in await fetch(_REFERENCES, list(LOOSE)):
        whose = "$1" if reference["whose"] == "member" else "array(SELECT id FROM account WHERE member = ANY($1))"
        count = await fetchval(
            f'SELECT count(*) FROM {reference["name"]} WHERE "{reference["column"]}" = ANY({whose})', members
        )
        if count:
            found.append(_("{count} rows of {table} belong to its members", count=count, table=reference["short"]))
    return found


async def _restore(member: UUID, before: dict[str, Any], batch: UUID) -> None:
    """Undo one row: its columns as they were, what it added gone."""
    columns = {name: _value(name, value) for name, value in before.get("member", {}).items() if name in PROFILE}
    sets = "".join(f", {name} = ${place}" for place, name in enumerate(columns, start=2))
    await execute(f"UPDATE member SET version = version + 1{sets} WHERE id = $1", member, *columns.values())
    for table, key in (("identity", "identities"), ("contact", "contacts"), ("member_note", "notes")):
        ids = [UUID(text) for text in before.get(key, ())]
        if ids:
            await execute(f"DELETE FROM {table} WHERE id = ANY($1)", ids)
    for store in before.get("stores", ()):
        await execute("DELETE FROM member_store WHERE member = $1 AND store = $2", member, UUID(store))
    for purpose, channel, _state in before.get("consents", ()):
        await execute("DELETE FROM consent_word WHERE member = $1 AND batch = $2", member, batch)
        await unsay(member, purpose, channel, batch)


async def _remove(members: Sequence[UUID]) -> None:
    await execute("DELETE FROM member_token WHERE member = ANY($1)", members)
    await execute("DELETE FROM likeness_key WHERE member = ANY($1)", members)
    await execute("DELETE FROM duplicate WHERE one = ANY($1) OR other = ANY($1)", members)
    for table in OWN:
        await execute(f"DELETE FROM {table} WHERE member = ANY($1)", members)
    await execute("DELETE FROM member WHERE id = ANY($1)", members)


def _value(column: str, stored: Any) -> Any:
    """A column's value from JSON."""
    if stored is None:
        return None
    if column == "address":
        return base64.b64decode(stored)
    return date.fromisoformat(stored) if column == "joined_on" else stored


async def remove_unused(batch: UUID) -> int:
    """Remove the members that an import of another kind made, as far as nothing hangs on them; answers how many."""
    row = await batches.batch_row(batch)
    made = {r["id"] for r in await fetch("SELECT id FROM member WHERE batch = $1 ORDER BY id FOR UPDATE", batch)}
    for reference in await fetch(_REFERENCES, list(LOOSE)):
        column, table = reference["column"], reference["name"]
        whose = "r.member" if reference["whose"] == "account" else f't."{column}"'
        joined = f'JOIN account r ON r.id = t."{column}"' if reference["whose"] == "account" else ""
        used = await fetch(
            f"SELECT DISTINCT {whose} AS member FROM {table} t {joined} WHERE {whose} = ANY($1)", list(made)
        )
        made -= {r["member"] for r in used}
    changed = await fetch(
        "SELECT DISTINCT member FROM event WHERE member = ANY($1) AND batch IS DISTINCT FROM $2 AND recorded_at >= $3",
        list(made),
        batch,
        row["started_at"],
    )
    made -= {r["member"] for r in changed}
    await _remove(sorted(made))
    return len(made)
