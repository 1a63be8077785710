"""Who a member is after merges: the ids that one person has had, and holding that still while something is written."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.members.service.scope import unknown

IDS = """
WITH RECURSIVE line AS (
    SELECT id FROM member WHERE id = $1
    UNION ALL SELECT m.id FROM member m JOIN line ON m.merged_into = line.id
)
SELECT id FROM line
"""

SUCCESSORS = """
WITH RECURSIVE line AS (
    SELECT id AS first, id, merged_into, erased_at FROM member WHERE merged_into IS NOT NULL OR erased_at IS NOT NULL
    UNION ALL SELECT line.first, m.id, m.merged_into, m.erased_at FROM line JOIN member m ON m.id = line.merged_into
)
SELECT first AS id, CASE WHEN erased_at IS NULL THEN id END AS today FROM line WHERE merged_into IS NULL
"""
"""Everyone who is not there under their own id any more: whom they were merged into, nobody where they were erased."""

_NUMBERED = """
WITH RECURSIVE line AS (
    SELECT number, id, merged_into FROM member WHERE number = ANY($1) AND erased_at IS NULL
    UNION ALL SELECT line.number, m.id, m.merged_into FROM member m JOIN line ON m.id = line.merged_into
)
SELECT number, id FROM line WHERE merged_into IS NULL
"""


async def ids_of(member: UUID) -> list[UUID]:
    """All ids under which events tell of a member: their own first, then those of everyone merged into them."""
    return [row["id"] for row in await fetch(IDS, member)] or [member]


async def hold(member: UUID, *, even_erased: bool = False) -> UUID:
    """Keep a member from being merged until the unit of work ends, and answer who they are today.

    To be called before the first row about them is written: a merge that is under way is waited for, and
    what is written goes to the survivor instead of a member who is no longer there. Refuses one who was
    erased meanwhile; ``even_erased`` is for the books, which go on without the person.
    """
    while True:
        row = await fetchrow("SELECT merged_into, erased_at FROM member WHERE id = $1 FOR KEY SHARE", member)
        if row is not None and row["erased_at"] is not None and not even_erased:
            raise unknown()
        if row is None or row["merged_into"] is None:
            return member
        member = row["merged_into"]


async def locked(member: UUID) -> UUID:
    """Keep a member from being changed by anyone else until the unit of work ends, and answer who they are today.

    Taken at once and not after ``hold``: two who held and both wanted more would wait for each other.
    """
    while True:
        row = await fetchrow("SELECT merged_into FROM member WHERE id = $1 FOR UPDATE", member)
        if row is None or row["merged_into"] is None:
            return member
        member = row["merged_into"]


async def hold_all(members: Iterable[UUID]) -> dict[UUID, UUID]:
    """Hold many members at once; answers who each of them is today."""
    wanted = sorted(set(members))
    rows = await fetch(
        "SELECT id, merged_into FROM member WHERE id = ANY($1) ORDER BY id FOR KEY SHARE",
        wanted,
    )
    moved = {row["id"]: await hold(row["merged_into"]) for row in rows if row["merged_into"] is not None}
    return {member: moved.get(member, member) for member in wanted}


async def numbered(numbers: Iterable[str]) -> dict[str, UUID]:
    """Whom member numbers mean today; those of a merged member mean the survivor."""
    wanted = list(set(numbers))
    return {row["number"]: row["id"] for row in await fetch(_NUMBERED, wanted)} if wanted else {}
