"""Accounts, to which entries and lots belong, and the addresses that messages go to."""

from __future__ import annotations

from uuid import UUID

from tessera.access import sealing
from tessera.kernel.database import fetch, fetchval
from tessera.members.service.scope import unknown

OWN_ACCOUNT = "SELECT a.id FROM account a WHERE a.member = {member} ORDER BY a.merge IS NOT NULL, a.id LIMIT 1"
"""The query for the account that new entries of a member go to: none that a merge brought."""


async def account_of(member: UUID) -> UUID:
    """The account that new entries of a member go to: their own, not one that a merge brought."""
    found: UUID | None = await fetchval(OWN_ACCOUNT.format(member="$1"), member)
    if found is None:
        raise unknown()
    return found


async def accounts_of(member: UUID) -> list[UUID]:
    """All accounts of a member, the oldest first."""
    return [row["id"] for row in await fetch("SELECT id FROM account WHERE member = $1 ORDER BY id", member)]


async def address_for(member: UUID, channel: str) -> str | None:
    """Where a message on a channel reaches a member, readable: for delivery, never for a page."""
    kind = {"email": "email", "sms": "phone"}.get(channel)
    if kind is None:
        return None
    sealed: bytes | None = await fetchval(
        "SELECT sealed FROM ("
        "  SELECT sealed, 0 AS place, NOT is_primary AS second, id FROM identity WHERE member = $1 AND kind = $2"
        "  UNION ALL SELECT sealed, 1, false, id FROM contact WHERE member = $1 AND kind = $2"
        ") a ORDER BY place, second, id LIMIT 1",
        member,
        kind,
    )
    return sealing.unseal_text(sealed) if sealed is not None else None
