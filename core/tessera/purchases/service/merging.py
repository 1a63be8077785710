"""Merging and its undo for purchases, returns and visits; the statistics follow from the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.kernel.database import execute, fetch, fetchval
from tessera.members.service import accounts_of
from tessera.purchases.service.statistics import rebuild
from tessera_hooks import Merging, Text, _

_RETURNS_OF_PURCHASES = """
UPDATE purchase_return r SET member = $2 FROM purchase p
WHERE p.id = r.purchase AND p.member = $2 AND r.member = $1
"""

_VISITS = """
UPDATE visit v SET member = $2 WHERE v.member = $1 AND NOT EXISTS (
    SELECT 1 FROM visit s WHERE s.member = $2 AND s.day = v.day AND s.store IS NOT DISTINCT FROM v.store)
RETURNING v.id
"""

_VISITS_BACK = """
UPDATE visit v SET member = $2 WHERE v.member = $1 AND v.id = ANY($3) AND NOT EXISTS (
    SELECT 1 FROM visit s WHERE s.member = $2 AND s.day = v.day AND s.store IS NOT DISTINCT FROM v.store)
"""

_TAKINGS = "UPDATE taking SET member = $2 WHERE member = $1 RETURNING id"

_TAKINGS_BACK = "UPDATE taking SET member = $2 WHERE member = $1 AND id = ANY($3)"

_KNOWN_WHERE_THEY_BOUGHT = """
INSERT INTO member_store (member, store)
SELECT DISTINCT member, store FROM purchase WHERE member = ANY($1) AND store IS NOT NULL ON CONFLICT DO NOTHING
"""

_SINCE = "SELECT count(*) FROM purchase p JOIN member_merge g ON g.id = $2 WHERE p.member = $1 AND p.recorded_at > g.at"


async def merge_purchases(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor what the other bought, brought back and where they were.

    Purchases need no list of their ids: they stay on the accounts that they were booked on. A day on which
    both were in a store is one visit; the other's stays with the other.
    """
    await execute("UPDATE purchase SET member = $2 WHERE member = $1", merging.other, merging.survivor)
    returns = await fetch(
        "UPDATE purchase_return SET member = $2 WHERE member = $1 RETURNING id, purchase",
        merging.other,
        merging.survivor,
    )
    visits = await fetch(_VISITS, merging.other, merging.survivor)
    takings = await fetch(_TAKINGS, merging.other, merging.survivor)
    await rebuild([merging.survivor, merging.other])
    return {
        "takings": [row["id"] for row in takings],
        "visits": [row["id"] for row in visits],
        "returns": [row["id"] for row in returns if row["purchase"] is None],
    }


async def unmerge_purchases(merging: Merging) -> Sequence[Text]:
    """Give the other back what was bought on their accounts, with its returns, also those that came since."""
    await execute(
        "UPDATE purchase SET member = $2 WHERE member = $1 AND account = ANY($3)",
        merging.survivor,
        merging.other,
        await accounts_of(merging.other),
    )
    await execute(_RETURNS_OF_PURCHASES, merging.survivor, merging.other)
    await execute(
        "UPDATE purchase_return SET member = $2 WHERE member = $1 AND id = ANY($3) AND purchase IS NULL",
        merging.survivor,
        merging.other,
        _ids(merging.kept, "returns"),
    )
    await execute(_VISITS_BACK, merging.survivor, merging.other, _ids(merging.kept, "visits"))
    await execute(_TAKINGS_BACK, merging.survivor, merging.other, _ids(merging.kept, "takings"))
    await execute(_KNOWN_WHERE_THEY_BOUGHT, [merging.survivor, merging.other])
    await rebuild([merging.survivor, merging.other])
    since = await fetchval(_SINCE, merging.survivor, merging.merge)
    return [_("purchases made since: {n}", n=since)] if since else []


def _ids(kept: Mapping[str, Any], key: str) -> list[UUID]:
    return [UUID(text) for text in kept.get(key, ())]
