"""Finding who may be the same person: by keys that both have, then by comparing the two.

The keys (``likeness_key``) make it one query whatever the number of members. A key that many share says
nothing and is passed over, so that a company's switchboard or a block of flats costs no more than a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.access import sealing
from tessera.kernel.database import copy_records, execute, fetch, in_transaction
from tessera.members.service.duplicates.scoring import Score, score
from tessera.members.service.duplicates.traits import Traits, birth_of, keys, traits
from tessera.members.service.scope import in_scope, members_seen, present
from tessera_hooks import Happened

MOST_ALIKE = 20
"""Members who may share a key; one that more share is not followed."""

SHOWN = 3
"""Likely duplicates that are shown of one person, the most alike first."""

CATCHING_UP = 500
"""Members whose keys one round of the job derives."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A member who may be the person in question."""

    member: UUID
    reasons: tuple[str, ...]
    score: int


_TRAITS = f"""
SELECT m.id, m.name_key, m.birth_year, m.birth_month, m.birth_day, m.gender, m.address, array(
    SELECT i.sealed FROM identity i WHERE i.member = m.id AND i.kind = 'phone'
    UNION ALL SELECT c.sealed FROM contact c WHERE c.member = m.id AND c.kind = 'phone') AS phones
FROM member m WHERE m.id = ANY($1) AND {present("m")}
"""

_SHARED = f"""
SELECT w.key, h.members FROM unnest($1::bigint[]) AS w (key) CROSS JOIN LATERAL (
    SELECT array_agg(k.member) AS members FROM (
        SELECT member FROM likeness_key WHERE key = w.key LIMIT {MOST_ALIKE + 1}) k) h
WHERE cardinality(h.members) BETWEEN $2 AND {MOST_ALIKE}
"""


async def stored_traits(members: Iterable[UUID]) -> dict[UUID, Traits]:
    """The traits of members as they are stored; of those only who are still there."""
    found = {}
    for row in await fetch(_TRAITS, list(members)):
        address = row["address"]
        found[row["id"]] = traits(
            row["name_key"],
            birth=birth_of(row["birth_year"], row["birth_month"], row["birth_day"]),
            gender=row["gender"],
            phones=[sealing.unseal_text(sealed) for sealed in row["phones"]],
            address=sealing.unseal_text(address) if address is not None else None,
        )
    return found


async def write_keys(made: Mapping[UUID, Sequence[int]]) -> None:
    """Write the keys of people who have none yet."""
    rows = [(key, member) for member, its in made.items() for key in its]
    if rows:
        await copy_records("likeness_key", rows, ("key", "member"))


async def refresh_keys(members: Sequence[UUID]) -> None:
    """Derive the keys of members anew from what is stored of them now."""

    async def work() -> None:
        await fetch("SELECT 1 FROM member WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(members))
        await execute("DELETE FROM likeness_key WHERE member = ANY($1)", list(members))
        known = await stored_traits(members)
        await write_keys({member: keys(one) for member, one in known.items()})

    if members:
        await in_transaction(work)


async def catch_up() -> None:
    """Derive the keys of members who were there before there were keys."""

    async def work() -> None:
        due = await fetch(
            "DELETE FROM likeness_due WHERE member IN (SELECT member FROM likeness_due ORDER BY member "
            f"LIMIT {CATCHING_UP} FOR UPDATE SKIP LOCKED) RETURNING member"
        )
        await refresh_keys([row["member"] for row in due])

    await in_transaction(work)


async def follow(event: Happened) -> None:
    """Derive the keys of a member anew whose profile was changed."""
    if event.member is not None:
        await refresh_keys([event.member])


async def alike(one: Traits, *, sealed: bool) -> list[Likeness]:
    """Who may be this person, who is not a member yet, among those the actor may see.

    Without ``sealed`` nothing is compared that pages mask, so that typing cannot find it out.
    """
    held = await _holders(keys(one, sealed=sealed), 1)
    found = {member for members in held.values() for member in members}
    others = await stored_traits(await _visible(found))
    bare = others if sealed else {member: _without_address(known) for member, known in others.items()}
    return _best({member: score(one, known) for member, known in bare.items()})


async def pairs_among(
    people: Mapping[UUID, Traits], made: Mapping[UUID, Sequence[int]]
) -> dict[tuple[UUID, UUID], Score]:
    """The likely pairs of which one is among some people whose keys were just written."""
    held = await _holders([key for its in made.values() for key in its], 2)
    wanted: set[tuple[UUID, UUID]] = set()
    for member, its in made.items():
        for key in its:
            wanted.update(ordered(member, other) for other in held.get(key, ()) if other != member)
    strangers = {member for pair in wanted for member in pair} - people.keys()
    known = {**(await stored_traits(strangers) if strangers else {}), **people}
    compared = {(a, b): score(known[a], known[b]) for a, b in wanted if a in known and b in known}
    return {pair: found for pair, found in compared.items() if found.is_likely}


def ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """A pair in the order in which it is kept."""
    return (one, other) if one < other else (other, one)


async def _holders(wanted: Sequence[int], least: int) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = defaultdict(list)
    if wanted:
        for row in await fetch(_SHARED, list(dict.fromkeys(wanted)), least):
            found[row["key"]] = row["members"]
    return found


async def _visible(members: Iterable[UUID]) -> list[UUID]:
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {present('m')} AND {in_scope('m.id', 2)}",
        list(members),
        members_seen(),
    )
    return [row["id"] for row in rows]


def _without_address(known: Traits) -> Traits:
    return Traits(known.name, known.words, known.characters, known.birth, known.gender, known.phones, "")


def _best(compared: Mapping[UUID, Score]) -> list[Likeness]:
    found = [Likeness(member, it.reasons, it.points) for member, it in compared.items() if it.is_likely]
    return sorted(found, key=lambda one: (-one.score, one.member))[:SHOWN]
