"""Merging and its undo for tiers: the survivor keeps the better of the two, on its own terms.

History stays under the id it happened to, and is read under every id that a member has had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tessera.kernel.database import execute, fetchrow, fetchval
from tessera.tiers.service.by_hand import give_back
from tessera.tiers.service.defined import tier_of
from tessera.tiers.service.moving import Evidence, Move, write_moves
from tessera.tiers.service.rising import raise_one
from tessera_hooks import Merging, Text, _

_HELD = "SELECT m.tier, to_jsonb(t) AS held FROM member m LEFT JOIN member_tier t ON t.member = m.id WHERE m.id = $1"

_TAKE = """
INSERT INTO member_tier (member, tier, since, until, counted_since, counted_until, warned_at, grace_until, by_hand,
    pinned)
SELECT $2, tier, since, until, counted_since, counted_until, warned_at, grace_until, by_hand, pinned
FROM member_tier WHERE member = $1
ON CONFLICT (member) DO UPDATE SET tier = excluded.tier, since = excluded.since, until = excluded.until,
    counted_since = excluded.counted_since, counted_until = excluded.counted_until, warned_at = excluded.warned_at,
    grace_until = excluded.grace_until, by_hand = excluded.by_hand, pinned = excluded.pinned
"""


async def merge_tiers(merging: Merging) -> Mapping[str, Any]:
    """Give the survivor the better tier; what both did together may bring them higher still."""
    own, other = await fetchrow(_HELD, merging.survivor), await fetchrow(_HELD, merging.other)
    before, theirs = tier_of(own["tier"]), tier_of(other["tier"])
    if theirs.rank > before.rank:
        evidence = Evidence(tier=theirs.code, version=theirs.version)
        await write_moves([Move(member=merging.survivor, before=before, after=theirs, why="merged", evidence=evidence)])
        await execute(_TAKE, merging.other, merging.survivor)
    raised = await raise_one(merging.survivor)
    now = raised.after if raised is not None else max(before, theirs, key=lambda tier: tier.rank)
    return {"tier": own["tier"], "held": own["held"], "became": now.code}


async def unmerge_tiers(merging: Merging) -> Sequence[Text]:
    """Put the survivor back to the tier they had, unless it has changed since; the other has kept theirs."""
    if "became" not in merging.kept:
        return []
    current = tier_of(await fetchval("SELECT tier FROM member WHERE id = $1", merging.survivor))
    if current.code != merging.kept["became"]:
        return [_("the tier, which has changed since")]
    was = tier_of(merging.kept["tier"])
    if was.code != current.code:
        held = merging.kept["held"]
        await give_back(
            merging.survivor, msgspec.json.encode(held).decode() if held is not None else None, current, was, "unmerged"
        )
    return []
