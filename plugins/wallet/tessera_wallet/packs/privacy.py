"""Packs of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from uuid import UUID

from tessera.plugin import execute

NAMING = [("pack", "member"), ("pack", "payer"), ("pack_use", "member")]

TOLD = {
    "packs": "SELECT p.id, p.title, k.title AS kind, p.bought, p.gifted, p.price, p.currency, p.at, p.first_used_at, "
    "p.expires_at, p.ended_at, p.refunded, p.reference, p.member <> ALL($1) AS paid_for_another "
    "FROM wallet.pack p JOIN wallet.session_kind k ON k.id = p.kind "
    "WHERE p.member = ANY($1) OR p.payer = ANY($1) ORDER BY p.at, p.id",
    "sessions": "SELECT u.at, u.units, p.title, u.undone_at FROM wallet.pack_use u JOIN wallet.pack p ON p.id = u.pack "
    "WHERE u.member = ANY($1) ORDER BY u.at, u.id",
}


async def erase(member: UUID) -> None:
    """Take out the words; what was sold and used stays, for it adds up."""
    await execute("UPDATE wallet.pack SET reference = '' WHERE member = $1 OR payer = $1", member)
    await execute("UPDATE wallet.pack_use SET undone_because = '' WHERE member = $1", member)
