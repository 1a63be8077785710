"""Coupons of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import execute, fetchval
from tessera_hooks import Merging, Text, _
from tessera_wallet.coupons import codes

NAMING = [("coupon", "member"), ("coupon", "used_by")]

_SINCE = """
SELECT count(*) FROM wallet.coupon c JOIN member_merge g ON g.id = $2 WHERE c.member = $1 AND c.issued_at > g.at
"""

_TOLD = """
SELECT k.code AS kind, k.title, c.code, c.state, c.issued_at, c.opens_at, c.expires_at, c.reason, c.used_at, c.purchase
FROM wallet.coupon c JOIN wallet.coupon_kind k ON k.id = c.kind
WHERE c.member = ANY($1) OR c.used_by = ANY($1) ORDER BY c.issued_at, c.id
"""

TOLD = {"coupons": _TOLD}


async def since(merging: Merging) -> Sequence[Text]:
    """What was given since a merge and stays with the survivor when it is undone."""
    count = await fetchval(_SINCE, merging.survivor, merging.merge)
    return [_("coupons given since: {n}", n=count)] if count else []


def with_codes_shown(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Coupons that are told, with their codes as people read them."""
    return [{**row, "code": codes.shown(row["code"])} for row in told]


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
