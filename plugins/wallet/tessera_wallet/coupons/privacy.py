"""Coupons of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import execute, fetch, fetchval, members
from tessera_hooks import Merging, Text, _
from tessera_wallet.coupons import codes

_MOVE = "UPDATE wallet.coupon SET {column} = $2 WHERE {column} = $1 RETURNING id"
_BACK = "UPDATE wallet.coupon SET {column} = $2 WHERE {column} = $1 AND id = ANY($3)"
_COLUMNS = ("member", "used_by")

_SINCE = """
SELECT count(*) FROM wallet.coupon c JOIN member_merge g ON g.id = $2 WHERE c.member = $1 AND c.issued_at > g.at
"""

_TOLD = """
SELECT k.code AS kind, k.title, c.code, c.state, c.issued_at, c.opens_at, c.expires_at, c.reason, c.used_at, c.purchase
FROM wallet.coupon c JOIN wallet.coupon_kind k ON k.id = c.kind
WHERE c.member = ANY($1) OR c.used_by = ANY($1) ORDER BY c.issued_at, c.id
"""


async def move(merging: Merging) -> dict[str, list[UUID]]:
    """Give the survivor what the other holds and has used."""
    moved = {}
    for column in _COLUMNS:
        rows = await fetch(_MOVE.format(column=column), merging.other, merging.survivor)
        moved[f"coupons_{column}"] = [row["id"] for row in rows]
    return moved


async def give_back(merging: Merging) -> Sequence[Text]:
    """Give the other what a merge moved; what was given since stays with the survivor."""
    for column in _COLUMNS:
        ids = [UUID(str(id_)) for id_ in merging.kept.get(f"coupons_{column}", ())]
        await execute(_BACK.format(column=column), merging.survivor, merging.other, ids)
    since = await fetchval(_SINCE, merging.survivor, merging.merge)
    return [_("coupons given since: {n}", n=since)] if since else []


async def tell(member: UUID) -> list[Mapping[str, Any]]:
    """All coupons of a member, and the open ones that they used."""
    rows = await fetch(_TOLD, await members.ids_of(member))
    return [{**dict(row), "code": codes.shown(row["code"])} for row in rows]


async def erase(member: UUID) -> None:
    """Nobody uses the coupons of someone who was erased; those that were used stay, for they add up."""
    await execute(
        "UPDATE wallet.coupon_kind k SET issued = k.issued - gone.n FROM ("
        "SELECT kind, count(*) AS n FROM wallet.coupon WHERE member = $1 AND state = 'issued' GROUP BY kind) gone "
        "WHERE k.id = gone.kind",
        member,
    )
    await execute("UPDATE wallet.coupon SET state = 'revoked' WHERE member = $1 AND state = 'issued'", member)
    await execute("UPDATE wallet.coupon SET reason = '' WHERE member = $1", member)
