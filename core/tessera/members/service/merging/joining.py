"""Merging: two members who are one person become one, and every room and plugin moves what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import Conflict
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.migrations.run import removed_plugins
from tessera.kernel.plugins import host
from tessera.members.service.merging import fields, moving
from tessera.members.service.merging.custom import take_custom
from tessera.members.service.merging.fields import COLUMNS, CUSTOM, Overwritten, Side
from tessera.members.service.merging.moving import Pair
from tessera.members.service.scope import need_visible, unknown
from tessera.members.service.tokens import refresh_tokens
from tessera_hooks import Merging, _

PERMISSION = "members.merge"

MEMBERS = "core.members"
"""The name under which this room keeps what it needs, beside those of the other rooms and of plugins."""


class SameMember(Conflict):
    """The two are one member already; ``member`` says which."""

    code = "same_member"


@dataclass(frozen=True)
class Merged:
    """A merge that was made, and who is there from here on."""

    merge: UUID
    member: UUID


async def merge(survivor: UUID, other: UUID, choices: Mapping[str, str] | None = None) -> Merged:
    """Make two members one: ``other`` lives on in ``survivor``.

    ``choices`` says of fields from whom they come (``{"name": "other", "custom:size": "survivor"}``);
    what is not chosen is the survivor's, and the other's where the survivor has nothing. Whoever merges
    needs ``members.merge`` in a store of each. An id that was merged before stands for who that is today.
    """
    wanted = fields.checked(choices or {}, _may_be_chosen)

    async def work() -> Merged:
        one, two = await need_visible(survivor, PERMISSION), await need_visible(other, PERMISSION)
        _refuse_same(one, two)
        rows = await lock(one, two)
        if any(row["merged_into"] is not None for row in rows.values()):
            return await work()
        if any(row["erased_at"] is not None for row in rows.values()):
            raise unknown()
        return await _join(Pair(uuid7(), one, two), rows, wanted)

    return await in_transaction(work)


def _may_be_chosen(name: str) -> bool:
    """Custom fields, and what rooms and plugins ask for by their own names (``fitness.goal``)."""
    return name.startswith(CUSTOM) or "." in name


def _refuse_same(one: UUID, two: UUID) -> None:
    if one == two:
        raise SameMember(_("These two are one member already."), member=str(one))


async def lock(one: UUID, two: UUID) -> dict[UUID, Any]:
    """The rows of two members, locked in an order that all share, until the unit of work ends."""
    rows = await fetch("SELECT * FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", [one, two])
    return {row["id"]: row for row in rows}


async def _join(pair: Pair, rows: Mapping[UUID, Any], choices: Mapping[str, Side]) -> Merged:
    now = clock.now()
    await execute(
        "INSERT INTO member_merge (id, survivor, other, choices, kept, actor, at) "
        "VALUES ($1, $2, $3, $4::jsonb, '{}'::jsonb, $5, $6)",
        pair.merge,
        pair.survivor,
        pair.other,
        msgspec.json.encode(choices).decode(),
        str(actor().label)[:200],
        now,
    )
    overwritten, changed = await _choose(pair, rows, choices)
    kept: dict[str, Any] = {MEMBERS: await moving.take(pair, choices)}
    await execute(
        "UPDATE member SET merged_into = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        pair.other,
        pair.survivor,
        now,
    )
    merging = Merging(pair.merge, pair.survivor, pair.other, choices)
    answers = await host().participate_all(
        "merge_members", lambda _owner: {"merging": merging}, without=await removed_plugins()
    )
    kept.update(answers)
    await execute(
        "UPDATE member_merge SET kept = $2::jsonb, before = $3 WHERE id = $1",
        pair.merge,
        msgspec.json.encode(kept).decode(),
        overwritten.sealed(),
    )
    await refresh_tokens([pair.survivor, pair.other])
    await _tell(pair, rows[pair.survivor]["store"], changed)
    return Merged(pair.merge, pair.survivor)


async def _choose(pair: Pair, rows: Mapping[UUID, Any], choices: Mapping[str, Side]) -> tuple[Overwritten, list[str]]:
    """Write those fields of the other into the survivor that are taken; answers what was there, and their names."""
    survivor, other = rows[pair.survivor], rows[pair.other]
    taken = [
        name
        for name in COLUMNS
        if choices.get(name, fields.default_side(name, survivor, other)) == "other"
        and not fields.is_same(name, survivor, other)
    ]
    columns = [column for name in taken for column in COLUMNS[name]]
    was = {column: fields.plain(column, survivor[column]) for column in columns}
    now = {column: fields.plain(column, other[column]) for column in columns}
    sets = "".join(f", {column} = ${place}" for place, column in enumerate(columns, start=3))
    await execute(
        f"UPDATE member SET updated_at = $2, version = version + 1{sets} WHERE id = $1",
        pair.survivor,
        clock.now(),
        *[other[column] for column in columns],
    )
    custom_was, custom_now, codes = await take_custom(pair.survivor, pair.other, choices)
    names = [*taken, *(f"{CUSTOM}{code}" for code in codes)]
    return Overwritten(was, now, custom_was, custom_now), names


async def _tell(pair: Pair, store: UUID | None, changed: list[str]) -> None:
    """The events of a merge on both ids, and the audit."""
    if changed:
        await emit("member.updated", member=pair.survivor, store=store, fields=changed)
    for member in (pair.survivor, pair.other):
        await emit(
            "member.merged", member=member, store=store, merge=pair.merge, survivor=pair.survivor, other=pair.other
        )
    await audit.note(
        "members.merged", member=pair.survivor, subject=("member", pair.other), fields=changed, merge=str(pair.merge)
    )
