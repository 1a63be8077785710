"""Whom the people of a list look like: noted with each chunk, in two queries and two more where someone is alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from tessera.members.identities import SHARED
from tessera.members.imports.people.draft import Draft
from tessera.members.service import duplicates
from tessera.members.service.duplicates import Traits
from tessera.members.service.duplicates.traits import birth_of

if TYPE_CHECKING:
    from tessera.members.imports.people.loading import Chunk

COMPARED = frozenset({"name", "phone", "birth_year", "birth_month", "birth_day", "gender", "address"})
"""What a change of which makes someone look like others than before."""


def prepare(draft: Draft) -> None:
    """Compute what a row is compared by: done with its parsing, while the database is busy with other rows."""
    born = draft.profile.get("birthday")
    one = duplicates.traits(
        draft.name_key,
        birth=birth_of(born.year, born.month, born.day) if born is not None else None,
        gender=draft.profile.get("gender"),
        phones=[found.known.value for found in draft.identities if found.known.kind == "phone"],
        address=draft.address,
    )
    draft.likeness = one, duplicates.keys(one)


async def note_alike(chunk: Chunk, drafts: Sequence[Draft]) -> None:
    """Note the pairs that the new people of a written chunk make, and those that one row named together."""
    rows: dict[UUID, list[tuple[Traits, list[int]]]] = {}
    for draft in drafts:
        person = chunk.meant.get(draft.line)
        if person is not None and person.is_new and draft.likeness is not None:
            rows.setdefault(person.id, []).append(draft.likeness)
    new = {member: its[0] if len(its) == 1 else _together([one for one, _keys in its]) for member, its in rows.items()}
    await duplicates.note_new(
        {member: one for member, (one, _keys) in new.items()},
        {member: keys for member, (_one, keys) in new.items()},
        chunk.batch,
    )
    changed = [p.id for p in chunk.people.by_id.values() if not p.is_new and COMPARED & p.changed]
    await duplicates.refresh_keys(changed)
    for draft in chunk.torn:
        await duplicates.note_torn(_owners(chunk, draft), chunk.batch)


def _together(rows: Sequence[Traits]) -> tuple[Traits, list[int]]:
    """Someone of whom several rows told: the first word on each, and all phones."""
    one = replace(
        rows[0],
        birth=next((row.birth for row in rows if row.birth is not None), None),
        gender=next((row.gender for row in rows if row.gender), None),
        phones=tuple(dict.fromkeys(chain.from_iterable(row.phones for row in rows))),
        address=next((row.address for row in rows if row.address), ""),
    )
    return one, duplicates.keys(one)


def _owners(chunk: Chunk, draft: Draft) -> list[UUID]:
    """The members to whom the ids of one row belong, who are one only if somebody says so."""
    held = (chunk.people.holders.get(found.key) for found in draft.identities if found.known.kind not in SHARED)
    return list(dict.fromkeys(person.id for person in held if person is not None))
