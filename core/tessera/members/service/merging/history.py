"""The merges that were made: the latest ones, one of them, and those that a member came out of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.kernel.errors import NotFound
from tessera.members.service.scope import in_scope, members_seen
from tessera.members.service.survivors import IDS
from tessera_hooks import _


class MergeUnknown(NotFound):
    """There is no such merge, or none of members that this actor may see."""

    code = "merge_unknown"


@dataclass(frozen=True)
class MergeView:
    """One merge as people see it; ``can_undo`` is false where it was undone, or where another covers it."""

    id: UUID
    survivor: UUID
    survivor_title: str
    survivor_number: str
    other: UUID
    other_title: str
    other_number: str
    actor: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None
    covered_by: UUID | None

    @property
    def can_undo(self) -> bool:
        """Whether it stands, and no later merge has to be undone before it."""
        return self.undone_at is None and self.covered_by is None


COVERING = """
SELECT c.id FROM member_merge c WHERE c.undone_at IS NULL
  AND (c.other = g.survivor OR c.survivor = g.survivor AND (c.at, c.id) > (g.at, g.id))
ORDER BY c.at DESC, c.id DESC LIMIT 1
"""
"""The merge that has to be undone before a merge ``g``: the last one in which its survivor took part since."""

_MERGES = f"""
WITH RECURSIVE line AS (
    SELECT g.id AS merge, m.id, m.merged_into FROM member_merge g JOIN member m ON m.id = g.survivor
    WHERE {{which}}
    UNION ALL SELECT line.merge, m.id, m.merged_into FROM line JOIN member m ON m.id = line.merged_into
), ends AS (SELECT merge, id FROM line WHERE merged_into IS NULL)
SELECT g.id, g.survivor, coalesce(nullif(s.name, ''), s.number) AS survivor_title,
       s.number AS survivor_number,
       g.other, coalesce(nullif(o.name, ''), o.number) AS other_title, o.number AS other_number,
       g.actor, g.at, g.undone_at, g.undone_by,
       ({COVERING}) AS covered_by
FROM ends JOIN member_merge g ON g.id = ends.merge
JOIN member s ON s.id = g.survivor JOIN member o ON o.id = g.other JOIN member e ON e.id = ends.id
WHERE e.erased_at IS NULL AND {in_scope("ends.id", 1)} ORDER BY g.at DESC, g.id DESC LIMIT $2
"""
"""Merges seen by who the members are today: whom one may see, of them one may see how they came together."""


async def recent_merges(limit: int = 50) -> list[MergeView]:
    """The latest merges of members that the actor may merge, undone ones too."""
    latest = "g.id IN (SELECT id FROM member_merge ORDER BY at DESC LIMIT 500)"
    rows = await fetch(_MERGES.format(which=latest), members_seen("members.merge"), limit)
    return _views(rows)


async def merge_view(merge: UUID) -> MergeView:
    """One merge."""
    rows = await fetch(_MERGES.format(which="g.id = $3"), members_seen("members.read"), 1, merge)
    if not rows:
        raise MergeUnknown(_("There is no such merge."))
    return _views(rows)[0]


async def merges_of(member: UUID) -> list[MergeView]:
    """The merges that a member is made of, those that stand, the latest first."""
    which = f"g.undone_at IS NULL AND g.survivor IN ({IDS.replace('$1', '$3')})"
    return _views(await fetch(_MERGES.format(which=which), members_seen("members.read"), 50, member))


def _views(rows: Sequence[Any]) -> list[MergeView]:
    return [MergeView(**dict(row)) for row in rows]
