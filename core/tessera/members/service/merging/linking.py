"""Links of two members to others: they follow; a link to oneself, or one that is there twice, is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel.database import execute, fetch
from tessera.members.service.scope import present, survivor_of

_AFTER = "CASE WHEN l.{side} = $1 THEN $2::uuid ELSE l.{side} END"
_MEMBER, _OTHER = _AFTER.format(side="member"), _AFTER.format(side="other")

_SET_ASIDE = f"""
DELETE FROM member_link l WHERE $1 IN (l.member, l.other) AND (
    {_MEMBER} = {_OTHER}
    OR EXISTS (
        SELECT 1 FROM member_link t WHERE t.id <> l.id AND t.kind = l.kind
          AND NOT $1 IN (t.member, coalesce(t.other, $2))
          AND ((t.member, t.other) = ({_MEMBER}, {_OTHER})
               OR t.kind = 'household' AND (t.other, t.member) = ({_MEMBER}, {_OTHER}))
    )
) RETURNING to_jsonb(l) AS row
"""
"""What would link the survivor ($2) with themselves, or say again what a link of theirs says already."""

_MOVE = f"""
UPDATE member_link l SET member = {_MEMBER}, other = {_OTHER} WHERE $1 IN (l.member, l.other)
RETURNING l.id, l.member = $2 AS as_member
"""

_BACK = """
UPDATE member_link l SET {side} = $2 WHERE l.{side} = $1 AND l.id = ANY($3)
  AND NOT coalesce($2 IN (l.member, l.other), false) RETURNING l.id
"""

_PUT_DOWN = f"""
INSERT INTO member_link SELECT r.* FROM jsonb_populate_recordset(NULL::member_link, $1::jsonb) r
WHERE r.member IS DISTINCT FROM r.other
  AND NOT EXISTS (SELECT 1 FROM unnest(ARRAY[r.member, r.other]) AS e (id) WHERE e.id IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM member m WHERE m.id = e.id AND {present("m")}))
  AND NOT EXISTS (SELECT 1 FROM member_link t WHERE t.kind = r.kind AND (
      (t.member, t.other) = (r.member, r.other) OR t.kind = 'household' AND (t.other, t.member) = (r.member, r.other)))
ON CONFLICT DO NOTHING
"""
"""Links that were set aside, but those to someone who was erased since, and those that were made again."""


async def take_links(survivor: UUID, other: UUID) -> dict[str, Any]:
    """Let the links of the other be those of the survivor, on whichever side they stand."""
    away = await fetch(_SET_ASIDE, other, survivor)
    moved = await fetch(_MOVE, other, survivor)
    return {
        "member": [row["id"] for row in moved if row["as_member"]],
        "other": [row["id"] for row in moved if not row["as_member"]],
        "away": [row["row"] for row in away],
    }


async def give_back_links(survivor: UUID, other: UUID, kept: Mapping[str, Any]) -> int:
    """Give the other back the links that are still there; answers how many are gone.

    What was set aside leads to who its people are today.
    """
    gone = 0
    for side in ("member", "other"):
        wanted = [UUID(text) for text in kept[side]]
        gone += len(wanted) - len(await fetch(_BACK.format(side=side), survivor, other, wanted))
    today = [
        {**row, "member": await _today(row["member"]), "other": await _today(row["other"])} for row in kept["away"]
    ]
    await execute(_PUT_DOWN, msgspec.json.encode(today).decode())
    return gone


async def _today(member: str | None) -> UUID | None:
    return await survivor_of(UUID(member)) if member is not None else None
