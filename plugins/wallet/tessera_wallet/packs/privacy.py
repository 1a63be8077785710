"""Packs of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import execute, fetch, members
from tessera_hooks import Merging, Text
from tessera_wallet.moving import give_back_rows, move_rows

TABLES = [("pack", "member"), ("pack", "payer"), ("pack_use", "member")]

_TOLD = {
    "packs": "SELECT p.id, p.title, k.title AS kind, p.bought, p.gifted, p.price, p.currency, p.at, p.first_used_at, "
    "p.expires_at, p.ended_at, p.refunded, p.reference, p.member <> ALL($1) AS paid_for_another "
    "FROM wallet.pack p JOIN wallet.session_kind k ON k.id = p.kind "
    "WHERE p.member = ANY($1) OR p.payer = ANY($1) ORDER BY p.at, p.id",
    "sessions": "SELECT u.at, u.units, p.title, u.undone_at FROM wallet.pack_use u JOIN wallet.pack p ON p.id = u.pack "
    "WHERE u.member = ANY($1) ORDER BY u.at, u.id",
}


async def move(merging: Merging) -> dict[str, list[UUID]]:
    """Give the survivor the other's packs, those the other paid for, and what the other used."""
    return await move_rows(TABLES, merging)


async def give_back(merging: Merging) -> Sequence[Text]:
    """Give the other what a merge moved; what was sold and used since stays with the survivor."""
    await give_back_rows(TABLES, merging)
    return []


async def tell(member: UUID) -> Mapping[str, Any]:
    """Packs, and the sessions that were used; money in minor units."""
    ids = await members.ids_of(member)
    return {name: [dict(row) for row in await fetch(sql, ids)] for name, sql in _TOLD.items()}


async def erase(member: UUID) -> None:
    """Take out the words; what was sold and used stays, for it adds up."""
    await execute("UPDATE wallet.pack SET reference = '' WHERE member = $1 OR payer = $1", member)
    await execute("UPDATE wallet.pack_use SET undone_because = '' WHERE member = $1", member)
