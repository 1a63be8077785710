"""Identities of two members: all follow, and of each kind one stays the primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch

_DEMOTE = """
UPDATE identity l SET is_primary = false
WHERE l.is_primary AND l.member = $1 AND {which}
  AND EXISTS (SELECT 1 FROM identity w WHERE w.member = $2 AND w.kind = l.kind AND w.is_primary)
RETURNING l.id
"""
"""Of two primary identities of a kind the loser's steps back: $1 is the loser, $2 the winner, $3 the kinds chosen."""


async def take_identities(survivor: UUID, other: UUID, choices: Mapping[str, str]) -> dict[str, Any]:
    """Give the survivor the other's identities; the survivor's primary ones stay so unless the other's were chosen."""
    chosen = [kind for kind, side in choices.items() if side == "other"]
    lost = await fetch(_DEMOTE.format(which="l.kind = ANY($3)"), survivor, other, chosen)
    stepped_back = await fetch(_DEMOTE.format(which="NOT l.kind = ANY($3)"), other, survivor, chosen)
    moved = await fetch("UPDATE identity SET member = $2 WHERE member = $1 RETURNING id", other, survivor)
    return {
        "moved": [row["id"] for row in moved],
        "demoted": [row["id"] for row in stepped_back],
        "survivors": [row["id"] for row in lost],
    }


async def give_back_identities(survivor: UUID, other: UUID, kept: Mapping[str, Any]) -> int:
    """Give the other back those identities that the survivor still has; answers how many are gone.

    One that was taken off, or belongs to someone else by now, is not made anew.
    """
    moved, demoted, survivors = ([UUID(text) for text in kept[key]] for key in ("moved", "demoted", "survivors"))
    back = await fetch(
        "UPDATE identity SET member = $2, is_primary = is_primary AND NOT id = ANY($4) "
        "WHERE member = $1 AND id = ANY($3) RETURNING id",
        survivor,
        other,
        moved,
        demoted,
    )
    for member, wanted in ((other, demoted), (survivor, survivors)):
        await execute(
            "UPDATE identity i SET is_primary = true WHERE i.member = $1 AND i.id = ANY($2) AND NOT EXISTS ("
            "SELECT 1 FROM identity p WHERE p.member = $1 AND p.kind = i.kind AND p.is_primary)",
            member,
            wanted,
        )
    return len(moved) - len(back)
