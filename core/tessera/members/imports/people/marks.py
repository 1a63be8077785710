"""Columns of a list of members with tags and with the business's own fields."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, executemany, fetch
from tessera.kernel.events import event_row, write_events
from tessera.members.imports.extensions import MemberColumn, MemberValue
from tessera.members.imports.mapping import plain_header
from tessera.members.imports.people.columns import HEADERS
from tessera.members.service.fields import PREFIX, FieldFacts, columns_of, custom_fields, hold_fields, parsed, value_of
from tessera.members.service.tags import clean_tag, ids_of
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import Text, _

TAGS = "tags"

_PARTS = re.compile(r"[,，、;；|\n]")


def mark_columns() -> list[MemberColumn]:
    """The columns that there are at this moment."""
    taken = {name for names in HEADERS.values() for name in names}
    return [TAG_COLUMN, *(_column(field, taken) for field in custom_fields())]


def _tags(text: str) -> list[str]:
    return [clean_tag(part) for part in _PARTS.split(text) if part.strip()]


_GIVE = """
INSERT INTO member_tag (member, tag, at, actor, staff, batch)
SELECT g.member, g.tag, $3, $4, $5, $6 FROM unnest($1::uuid[], $2::uuid[]) AS g (member, tag)
ON CONFLICT (member, tag) DO NOTHING RETURNING member, tag
"""


async def _load_tags(values: Sequence[MemberValue], batch: UUID) -> set[int]:
    """Give the tags of a chunk's rows; those that members carry already stay whatever the list says."""
    names = sorted({name for value in values for name in value.value})
    ids = {name.lower(): id_ for name, id_ in (await ids_of(names, make=True, free=True)).items()}
    pairs = [(value.member, ids[name.lower()]) for value in values for name in value.value]
    who = actor()
    given = await fetch(
        _GIVE, [m for m, _t in pairs], [t for _m, t in pairs], clock.now(), str(who.label)[:200], who.staff_id, batch
    )
    by_member: dict[UUID, list[UUID]] = {}
    for row in given:
        by_member.setdefault(row["member"], []).append(row["tag"])
    await write_events([event_row("member.tagged", member=m, tags=tags) for m, tags in by_member.items()])
    return {value.line for value in values if value.member in by_member}


async def _undo_tags(batch: UUID) -> None:
    await execute("DELETE FROM member_tag WHERE batch = $1", batch)


TAG_COLUMN = MemberColumn(
    field=TAGS,
    title=_("Tags"),
    headers=("标签", "会员标签", "客户标签", "标记", "標籤", "tags", "tag", "labels", "label"),
    parse=_tags,
    load=_load_tags,
    undo=_undo_tags,
)


def _column(field: FieldFacts, taken: set[str]) -> MemberColumn:
    """The column of a field: known by its code and its labels, unless the core's own fields are called so."""
    names = [field.code, PREFIX + field.code, *field.label.values()]
    return MemberColumn(
        field=PREFIX + field.code,
        title=Text(field.title),
        headers=[name for name in dict.fromkeys(map(plain_header, names)) if name not in taken],
        parse=partial(parsed, field),
        load=partial(_load_custom, field),
        undo=_nothing,
    )


async def _nothing(_batch: UUID) -> None:
    """What fields hold is taken back together, for hidden ones too: see ``undo_custom``."""


_CURRENT = "SELECT member, field, value, sealed, batch FROM member_custom WHERE field = $1 AND member = ANY($2)"
_WRITE = """
INSERT INTO member_custom (member, field, value, sealed, lookup, batch) VALUES ($1, $2, $3::jsonb, $4, $5, $6)
ON CONFLICT (member, field) DO UPDATE SET value = excluded.value, sealed = excluded.sealed, lookup = excluded.lookup,
    batch = excluded.batch
"""


async def _load_custom(field: FieldFacts, values: Sequence[MemberValue], batch: UUID) -> Mapping[int, Any]:
    """Write a field of a chunk's rows; answers the lines that changed something, with what stood there before.

    A second row of this import about someone only fills what is empty, so that a list which names them twice
    comes to the same end however often it is imported.
    """
    await hold_fields([field])
    members = list({value.member for value in values})
    rows = {row["member"]: row for row in await fetch(_CURRENT, field.id, members)}
    current = {member: value_of(row) for member, row in rows.items()}
    seen = {
        row["target"]
        for row in await fetch(
            "SELECT DISTINCT target FROM import_row WHERE batch = $1 AND target = ANY($2)", batch, members
        )
    }
    before: dict[int, Any] = {}
    for value in values:
        known, second = current.get(value.member), value.member in seen
        seen.add(value.member)
        if known == value.value or (known is not None and second):
            continue
        before[value.line] = _before(rows.get(value.member)) if known is not None else None
        current[value.member] = value.value
    written = {value.member for value in values if value.line in before}
    await executemany(_WRITE, [(m, field.id, *columns_of(field, current[m]), batch) for m in sorted(written)])
    await _tell_of_changes(field, written, batch)
    if field.searchable and not field.sensitive:
        await refresh_tokens(sorted(written))
    return before


async def _tell_of_changes(field: FieldFacts, members: set[UUID], batch: UUID) -> None:
    """Those who were members before have changed; of those whom the list brings, their creation tells."""
    rows = await fetch(
        "UPDATE member SET version = version + 1, updated_at = $3 "
        "WHERE id = ANY($1) AND batch IS DISTINCT FROM $2 RETURNING id, store",
        sorted(members),
        batch,
        clock.now(),
    )
    name = PREFIX + field.code
    await write_events([event_row("member.updated", member=r["id"], store=r["store"], fields=[name]) for r in rows])


def _before(row: Any) -> dict[str, Any]:
    sealed = {n: base64.b64encode(row[n]).decode() for n in ("sealed",) if row[n] is not None}
    plain = {"value": row["value"]} if row["value"] is not None else {}
    return {**plain, **sealed, "batch": str(row["batch"]) if row["batch"] else None}


async def undo_custom(batch: UUID) -> None:
    """Take back what an import has written into fields; what stood there before stands there again."""
    rows = await fetch(
        "SELECT r.target, c.key, c.value FROM import_row r CROSS JOIN LATERAL jsonb_each(r.before -> 'columns') AS c "
        "WHERE r.batch = $1 AND starts_with(c.key, $2) AND jsonb_typeof(c.value) = 'object' ORDER BY r.line DESC",
        batch,
        PREFIX,
    )
    restored = []
    for row in rows:
        kept = row["value"]
        sealed = base64.b64decode(kept["sealed"]) if "sealed" in kept else None
        restored.append((row["target"], row["key"].removeprefix(PREFIX), kept, sealed))
    await execute("DELETE FROM member_custom c WHERE c.batch = $1", batch)
    for member, code, kept, sealed in restored:
        await _put_back(member, code, kept, sealed)


async def _put_back(member: UUID, code: str, kept: Mapping[str, Any], sealed: bytes | None) -> None:
    field = next((f for f in custom_fields() if f.code == code), None)
    if field is None:
        return
    row = {"field": field.id, "value": kept.get("value"), "sealed": sealed}
    batch = UUID(kept["batch"]) if kept.get("batch") else None
    await execute(_WRITE, member, field.id, *columns_of(field, value_of(row)), batch)
