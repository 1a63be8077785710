"""Merging and its undo for records: every record type of every installed plugin, as its declaration says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel.database import execute, fetch, fetchrow, fetchval
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.members.service.merging import Compared, Side
from tessera.records import rows, service
from tessera.records.kinds import Kind, kinds_here
from tessera.records.present import summary
from tessera_hooks import Merging, Text, _


class MergeRefused(Conflict):
    """Records of both cannot stand in for each other."""

    code = "merge_refused"


_ONE_A_MEMBER = """
SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indnkeyatts = 1 AND a.attname = 'member'
  AND i.indpred IS NULL
"""

_POINTED_AT = "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass($1)"

_PERSON = "SELECT DISTINCT gender, birth_year, birth_month, birth_day FROM member WHERE id = ANY($1)"


async def merge_records(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor the other's records; answers by type which were moved, and which step aside for them."""
    kept = {}
    for kind in await kinds_here():
        moved = await _take(kind, merging)
        if moved is not None:
            kept[kind.code] = moved
    await _recompute(merging, kept)
    return kept


async def unmerge_records(merging: Merging) -> Sequence[Text]:
    """Give the other's records back, and the survivor those that had stepped aside; answers what stays."""
    stayed = []
    for kind in await kinds_here():
        kept = merging.kept.get(kind.code)
        if kept is not None:
            await _exchange(kind, merging.survivor, merging.other, _ids(kept["moved"]), _ids(kept["aside"]))
        since = await fetchval(
            f"SELECT count(*) FROM {kind.table} r JOIN member_merge g ON g.id = $2 "
            "WHERE r.member = $1 AND r.created_at > g.at",
            merging.survivor,
            merging.merge,
        )
        if since:
            stayed.append(_("records made since ({what}): {n}", n=since, what=kind.titles))
    await _recompute(merging, merging.kept)
    return stayed


async def ask_about_records(survivor: UUID, other: UUID) -> list[Compared]:
    """What whoever merges must choose: whose records stand, of types that say so and that both have."""
    asked = []
    for kind in await kinds_here():
        if kind.type.on_merge == "ask" and (newest := await _both_have(kind, survivor, other)) is not None:
            latest = await rows.latest_of(kind, [survivor, other])
            one, two = (summary(latest[m]) if m in latest else "" for m in (survivor, other))
            side: Side = "survivor" if newest == survivor else "other"
            asked.append(Compared(kind.code, kind.title, one, two, side, differs=True))
    return asked


async def _both_have(kind: Kind, survivor: UUID, other: UUID) -> UUID | None:
    """Whose record is the newest, where both have some."""
    found = await fetch(
        f"SELECT DISTINCT ON (member) member, recorded_on, id FROM {kind.table} WHERE member = ANY($1) "
        "ORDER BY member, recorded_on DESC, id DESC",
        [survivor, other],
    )
    if len(found) < 2:
        return None
    newest: UUID = max(found, key=lambda row: (row["recorded_on"], row["id"]))["member"]
    return newest


async def _take(kind: Kind, merging: Merging) -> dict[str, Any] | None:
    winner = await _winner(kind, merging)
    if winner == merging.survivor:
        return None
    moved = await fetch(f"SELECT id FROM {kind.table} WHERE member = $1", merging.other)
    aside = await fetch(f"SELECT id FROM {kind.table} WHERE member = $1", merging.survivor) if winner else []
    if not moved:
        return None
    ids = {"moved": [row["id"] for row in moved], "aside": [row["id"] for row in aside]}
    await _exchange(kind, merging.other, merging.survivor, ids["moved"], ids["aside"])
    return ids


async def _winner(kind: Kind, merging: Merging) -> UUID | None:
    """Whose records stand where only one's can; ``None`` where all can stay together."""
    alone = await fetchrow(_ONE_A_MEMBER, kind.table) is not None
    if kind.type.on_merge == "keep_both" and not alone:
        return None
    newest = await _both_have(kind, merging.survivor, merging.other)
    if newest is None or kind.type.on_merge != "ask":
        return newest
    choice = merging.choices.get(kind.code)
    if choice is None:
        message = _("choose whose records stay: {what}", what=kind.titles)
        raise Invalid(message, [FieldError(f"choices.{kind.code}", message)])
    return merging.survivor if choice == "survivor" else merging.other


async def _exchange(kind: Kind, from_: UUID, to: UUID, ids: Sequence[UUID], back: Sequence[UUID]) -> None:
    """Move records from one member to another, and others the opposite way."""
    if not back:
        await execute(f"UPDATE {kind.table} SET member = $2 WHERE member = $1 AND id = ANY($3)", from_, to, ids)
    elif await fetchrow(_ONE_A_MEMBER, kind.table) is None:
        await execute(
            f"UPDATE {kind.table} SET member = CASE member WHEN $1::uuid THEN $2::uuid ELSE $1::uuid END "
            "WHERE member = $1 AND id = ANY($3) OR member = $2 AND id = ANY($4)",
            from_,
            to,
            ids,
            back,
        )
    else:
        await _exchange_alone(kind, from_, to, ids, back)


async def _exchange_alone(kind: Kind, from_: UUID, to: UUID, ids: Sequence[UUID], back: Sequence[UUID]) -> None:
    """Exchange where a member may have one record only: one row is lifted out while the other changes hands."""
    if await fetchrow(_POINTED_AT, kind.table) is not None:
        raise MergeRefused(_("Both have records that others build on: {what}", what=kind.titles))
    lifted = await fetch(
        f"DELETE FROM {kind.table} r WHERE member = $1 AND id = ANY($2) RETURNING to_jsonb(r) AS row", to, back
    )
    await execute(f"UPDATE {kind.table} SET member = $2 WHERE member = $1 AND id = ANY($3)", from_, to, ids)
    if await fetchval(f"SELECT 1 FROM {kind.table} WHERE member = $1", from_):
        raise MergeRefused(_("A newer one was made since the merge: take it away first ({what})", what=kind.titles))
    put_down = [{**row["row"], "member": from_} for row in lifted]
    await execute(
        f"INSERT INTO {kind.table} SELECT * FROM jsonb_populate_recordset(NULL::{kind.table}, $1::jsonb)",
        msgspec.json.encode(put_down).decode(),
    )


async def _recompute(merging: Merging, kept: Mapping[str, Any]) -> None:
    """Where the two were born on other days, what depends on it follows for the records that moved."""
    if len(await fetch(_PERSON, [merging.survivor, merging.other])) < 2:
        return
    for kind in await kinds_here():
        needs_person = any(isinstance(name, str) for derived in kind.derived.values() for name in derived.inputs)
        if kind.code in kept and needs_person:
            await service.recompute(kind, merging.survivor)
            await service.recompute(kind, merging.other)


def _ids(kept: Sequence[str]) -> list[UUID]:
    return [UUID(text) for text in kept]
