"""Changing what fields there are, as far as what stands in them allows: hidden, erased, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.members.service.fields.defined import (
    FieldFacts,
    FieldInUse,
    FieldUnknown,
    as_json,
    changing,
    checked,
    choices_json,
    known_field,
    of_row,
    unknown_field,
)
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import _

CHUNK = 1000
"""Members whose words for search are derived anew in one transaction."""


async def change_field(code: str, **changes: Any) -> FieldFacts:
    """Change what a field is called, its choices, order and whether it is required, searchable or shown.

    Its kind, and whether it is sensitive, change only while nothing stands in it; a choice that someone has
    stays. A hidden field keeps its values.
    """

    async def work() -> FieldFacts:
        before = await locked_field(code)
        after = checked(replace(before, **changes))
        if (after.kind, after.sensitive) != (before.kind, before.sensitive):
            await _refuse_if_held(before)
        await _refuse_lost_choices(before, after)
        await execute(
            "UPDATE custom_field SET kind = $2, label = $3::jsonb, choices = $4::jsonb, required = $5, sensitive = $6, "
            "searchable = $7, place = $8, active = $9 WHERE id = $1",
            after.id,
            after.kind,
            as_json(after.label),
            choices_json(after),
            after.required,
            after.sensitive,
            after.searchable,
            after.place,
            after.active,
        )
        changed = [name for name in FieldFacts.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
        await audit.note("members.field_changed", subject=("custom_field", after.id), fields=changed, code=code)
        return before

    known = known_field(code)
    before = await changing(work)
    after = known_field(code) or known
    if after is not None and _words_differ(before, after):
        await _search_anew(after)
    return after or before


def _words_differ(before: FieldFacts, after: FieldFacts) -> bool:
    def words(field: FieldFacts) -> bool:
        return field.searchable and field.active and not field.sensitive

    return words(before) != words(after)


async def _search_anew(field: FieldFacts) -> None:
    """Derive anew the words by which members are found whose field began or ceased to be searched."""
    after = UUID(int=0)
    while rows := await fetch(
        "SELECT member FROM member_custom WHERE field = $1 AND member > $2 ORDER BY member LIMIT $3",
        field.id,
        after,
        CHUNK,
    ):
        members = [row["member"] for row in rows]
        after = members[-1]
        await in_transaction(lambda members=members: _locked_and_refreshed(members))  # type: ignore[misc]


async def _locked_and_refreshed(members: Sequence[UUID]) -> None:
    await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", members)
    await refresh_tokens(members)


async def _refuse_if_held(field: FieldFacts) -> None:
    count = await values_held(field.id)
    if count:
        raise FieldInUse(
            _("{count} members have a value here: its kind stays, or erase the values first", count=count),
            field="kind",
        )


async def _refuse_lost_choices(before: FieldFacts, after: FieldFacts) -> None:
    lost = [code for code in before.choices if code not in after.choices]
    if not lost or before.sensitive:
        if lost:
            await _refuse_if_held(before)
        return
    used = await fetchval(
        "SELECT count(*) FROM member_custom WHERE field = $1 AND "
        "(value #>> '{}' = ANY($2) OR (jsonb_typeof(value) = 'array' AND value ?| $2))",
        before.id,
        lost,
    )
    if used:
        message = _("{count} members have a choice that would go: keep it, or change theirs first", count=used)
        raise FieldInUse(message, field="choices")


async def values_held(field: UUID) -> int:
    """How many members have a value in a field."""
    count: int = await fetchval("SELECT count(*) FROM member_custom WHERE field = $1", field)
    return count


async def erase_values(code: str) -> int:
    """Erase what stands in a field for every member, for good; answers for how many."""

    async def work() -> int:
        field = await locked_field(code)
        rows = await fetch("DELETE FROM member_custom WHERE field = $1 RETURNING member", field.id)
        if field.searchable:
            members = sorted(row["member"] for row in rows)
            for start in range(0, len(members), CHUNK):
                await _locked_and_refreshed(members[start : start + CHUNK])
        await audit.note(
            "members.field_erased", subject=("custom_field", field.id), rows=len(rows), fields=[f"custom.{code}"]
        )
        return len(rows)

    return await in_transaction(work)


async def delete_field(code: str) -> None:
    """Take away a field in which nothing stands."""

    async def work() -> None:
        field = await locked_field(code)
        count = await values_held(field.id)
        if count:
            raise FieldInUse(_("{count} members have a value here: hide it, or erase the values first", count=count))
        await execute("DELETE FROM custom_field WHERE id = $1", field.id)
        await audit.note("members.field_deleted", subject=("custom_field", field.id), code=code)

    await changing(work)


async def locked_field(code: str) -> FieldFacts:
    """A field as the database has it, held against other changes of it and against new values."""
    row = await fetchrow("SELECT * FROM custom_field WHERE code = $1 FOR UPDATE", code)
    if row is None:
        raise FieldUnknown(unknown_field(code))
    return of_row(row)
