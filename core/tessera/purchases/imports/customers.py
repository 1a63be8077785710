"""The members of receipts: found by what the file knows of them, made where they are new."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.members.identities import Known, holders
from tessera.members.imports.people.draft import Draft, Found
from tessera.members.imports.people.loading import Chunk
from tessera.members.imports.people.matching import People
from tessera.members.service import hold_all
from tessera.purchases.imports.receipts import Part
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.visits import zone_of

Key = tuple[str, str]


def key_of(known: Known) -> Key:
    """What tells buyers of a chunk apart."""
    return known.kind, known.key


async def find_or_make(parts: Sequence[Part], batch: UUID, source: str) -> dict[Key, Holder]:
    """The member and account of every buyer on these receipts.

    One that nobody is known by becomes a member without a name: nothing is invented, the number and
    the id in the other system tell them apart.
    """
    first: dict[Key, Part] = {}
    for part in parts:
        if part.buyer is not None:
            known = first.setdefault(key_of(part.buyer), part)
            if part.at < known.at:
                first[key_of(part.buyer)] = part
    wanted = {key: Found(part.buyer, part.buyer.lookup) for key, part in first.items() if part.buyer is not None}
    held = await holders(found.known for found in wanted.values())
    members = {key: held[found.key] for key, found in wanted.items() if found.key in held}
    new = [key for key in wanted if key not in members]
    members.update(await _make({key: (first[key], wanted[key]) for key in new}, batch, source))
    today = await hold_all(members.values())
    members = {key: today[member] for key, member in members.items()}
    rows = await fetch(
        "SELECT DISTINCT ON (member) member, id FROM account WHERE member = ANY($1) "
        "ORDER BY member, merge IS NOT NULL, id",
        list(set(members.values())),
    )
    accounts = {row["member"]: row["id"] for row in rows}
    return {key: Holder(member, accounts[member]) for key, member in members.items()}


async def _make(new: dict[Key, tuple[Part, Found]], batch: UUID, source: str) -> dict[Key, UUID]:
    if not new:
        return {}
    drafts = {key: _draft(part, found, source) for key, (part, found) in new.items()}
    chunk = Chunk(await People.around(list(drafts.values()), batch), batch, None)
    made: dict[Key, UUID] = {}
    for key, draft in drafts.items():
        chunk.apply(draft)
        made[key] = chunk.meant[draft.line].id
    await chunk.write()
    return made


def _draft(part: Part, found: Found, source: str) -> Draft:
    store = part.store.id if part.store else None
    profile = {"source": source[:100], "joined_on": clock.local_day(part.at, zone_of(store))}
    return Draft(part.lines[0].line, "", "", profile, None, [found], store, None, [], {})
