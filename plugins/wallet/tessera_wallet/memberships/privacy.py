"""Memberships of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import business, execute, fetchval
from tessera_hooks import Merging, Text, _

NAMING = [("membership", "member"), ("membership", "payer")]

_SINCE = """
SELECT count(*) FROM wallet.membership x JOIN member_merge g ON g.id = $2 WHERE x.member = $1 AND x.sold_at > g.at
"""

_TOLD = """
SELECT p.code AS product, p.title, x.starts_on, x.ends_on, x.ended_on, x.ended_as, x.sold_at, x.currency, x.reference,
    x.member <> ALL($1) AS paid_for_another, CASE WHEN x.member = ANY($1) THEN x.end_reason ELSE '' END AS end_reason,
    (SELECT sum(t.price)::bigint FROM wallet.membership_term t WHERE t.membership = x.id) AS paid,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('from', h.from_on, 'until', h.until_on, 'reason', h.reason)
        ORDER BY h.from_on), '[]') FROM wallet.membership_hold h WHERE h.membership = x.id
        AND x.member = ANY($1)) AS holds,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('at', c.at, 'what', c.what, 'amount', c.amount, 'from', c.from_on,
        'until', c.until_on) ORDER BY c.id), '[]') FROM wallet.membership_change c WHERE c.membership = x.id) AS history
FROM wallet.membership x JOIN wallet.membership_product p ON p.id = x.product
WHERE x.member = ANY($1) OR x.payer = ANY($1) ORDER BY x.sold_at, x.id
"""

TOLD = {"memberships": _TOLD}


async def since(merging: Merging) -> Sequence[Text]:
    """What was sold since a merge and stays with the survivor when it is undone."""
    count = await fetchval(_SINCE, merging.survivor, merging.merge)
    return [_("memberships sold since: {n}", n=count)] if count else []


async def erase(member: UUID) -> None:
    """End what runs, and take out the words: what was paid stays, for it adds up."""
    await execute(
        "UPDATE wallet.membership SET ended_on = $2, ended_as = 'cancelled' WHERE member = $1 AND ended_on IS NULL "
        "AND (ends_on IS NULL OR ends_on >= $2)",
        member,
        business().today(),
    )
    await execute("UPDATE wallet.membership SET end_reason = '' WHERE member = $1", member)
    await execute("UPDATE wallet.membership SET reference = '' WHERE member = $1 OR payer = $1", member)
    await execute(
        "UPDATE wallet.membership_hold h SET reason = '' FROM wallet.membership x "
        "WHERE x.id = h.membership AND x.member = $1",
        member,
    )
