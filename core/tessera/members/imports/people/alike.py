"""Whom the people of a list look like: noted with each chunk, in two queries and a third where someone is alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from tessera.members.identities import SHARED
from tessera.members.imports.people.draft import Draft
from tessera.members.imports.people.matching import Person
from tessera.members.service import duplicates
from tessera.members.service.duplicates import Traits, traits
from tessera.members.service.duplicates.traits import birth_of

if TYPE_CHECKING:
    from tessera.members.imports.people.loading import Chunk

COMPARED = frozenset({"name", "phone", "birth_year", "birth_month", "birth_day", "gender", "address"})
"""What a change of which makes someone look like others than before."""


async def note_alike(chunk: Chunk, drafts: Sequence[Draft]) -> None:
    """Note the pairs that the new people of a written chunk make, and those that one row named together."""
    people = chunk.people.by_id.values()
    await duplicates.note_new(_new(people, chunk.meant, drafts), chunk.batch)
    await duplicates.refresh_keys([p.id for p in people if not p.is_new and COMPARED & p.changed])
    for draft in chunk.torn:
        await duplicates.note_torn(_owners(chunk, draft), chunk.batch)


def _new(people: Iterable[Person], meant: Mapping[int, Person], drafts: Sequence[Draft]) -> dict[UUID, Traits]:
    """The traits of new people, from the rows that told of them."""
    phones: dict[UUID, list[str]] = {}
    addresses: dict[UUID, str] = {}
    for draft in drafts:
        person = meant.get(draft.line)
        if person is None or not person.is_new:
            continue
        phones.setdefault(person.id, []).extend(
            found.known.value for found in draft.identities if found.known.kind == "phone"
        )
        if draft.address is not None:
            addresses.setdefault(person.id, draft.address)
    return {
        person.id: traits(
            person.name,
            str(person.columns["name_key"]),
            birth=birth_of(*(person.columns[name] for name in ("birth_year", "birth_month", "birth_day"))),
            gender=person.columns["gender"],
            phones=list(dict.fromkeys(phones.get(person.id, ()))),
            address=addresses.get(person.id),
        )
        for person in people
        if person.is_new
    }


def _owners(chunk: Chunk, draft: Draft) -> list[UUID]:
    """The members to whom the ids of one row belong, who are one only if somebody says so."""
    held = (chunk.people.holders.get(found.key) for found in draft.identities if found.known.kind not in SHARED)
    return list(dict.fromkeys(person.id for person in held if person is not None))
