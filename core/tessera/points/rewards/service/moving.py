"""Redemptions of one member: merged and parted, told, and left without words when the person is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch, fetchval
from tessera.members.service import accounts_of, ids_of
from tessera_hooks import Merging, Text, _

_MOVED = "UPDATE redemption SET member = $2 WHERE member = $1"

_BACK = "UPDATE redemption SET member = $2 WHERE member = $1 AND account = ANY($3)"

_SINCE = "SELECT count(*) FROM redemption d JOIN member_merge g ON g.id = $2 WHERE d.member = $1 AND d.at > g.at"

_TOLD = """
SELECT d.id, r.code AS reward, r.title, d.points, d.status, d.code, d.given, d.at, d.handed_over_at, d.cancelled_at,
    d.reason, s.code AS store
FROM redemption d JOIN reward r ON r.id = d.reward LEFT JOIN store s ON s.id = d.store
WHERE d.member = ANY($1) ORDER BY d.id
"""

_ERASED = "UPDATE redemption SET reason = NULL, given = NULL WHERE member = $1"


async def merge_redemptions(merging: Merging) -> Mapping[str, Any] | None:
    """Give the survivor what the other redeemed; the accounts that paid for it say later whose it was."""
    await execute(_MOVED, merging.other, merging.survivor)
    return None


async def unmerge_redemptions(merging: Merging) -> Sequence[Text]:
    """Give the other back what was redeemed on their accounts, also since."""
    await execute(_BACK, merging.survivor, merging.other, await accounts_of(merging.other))
    since = await fetchval(_SINCE, merging.survivor, merging.merge)
    return [_("rewards redeemed since: {n}", n=since)] if since else []


async def tell_redemptions(member: UUID) -> dict[str, Any] | None:
    """Everything that a member redeemed."""
    rows = [dict(row) for row in await fetch(_TOLD, await ids_of(member))]
    return {"redemptions": rows} if rows else None


async def erase_redemptions(member: UUID) -> None:
    """Leave redemptions, which stock and points add up, without what someone wrote."""
    await execute(_ERASED, member)
