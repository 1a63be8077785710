"""How many members would be in each tier if tiers asked for something else."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.kernel.database import fetch
from tessera.members.service import present
from tessera.tiers.periods import counted_from, midnight, scheme, tomorrow
from tessera.tiers.service.counting import IN_ORDER, columns_sql, rank_sql
from tessera.tiers.service.defined import TierFacts, asked_by

_HELD = f"SELECT coalesce(m.tier, '') AS code, count(*)::int AS n FROM member m WHERE {present('m')} GROUP BY 1"


async def members_by_tier() -> dict[str | None, int]:
    """How many members are in each tier now, by the code that members carry."""
    return {row["code"] or None: row["n"] for row in await fetch(_HELD)}


async def would_be(some: Sequence[TierFacts]) -> dict[int, int]:
    """How many members meet each tier as given here and no higher one, by rank; those who meet none stand at 0."""
    asking = sorted((tier for tier in some if tier.criteria.asks and not tier.is_first), key=lambda tier: tier.rank)
    names, end = asked_by(asking), tomorrow()
    since = counted_from(scheme(), end)
    rows = await fetch(
        f"SELECT met, count(*)::int AS n FROM (SELECT {rank_sql(asking, names)} AS met FROM ("
        f"SELECT m.id{columns_sql(names, '$1::timestamptz', '$2::timestamptz')} FROM member m "
        f"WHERE {present('m')} AND {IN_ORDER.format(since='$1', until='$2')} OFFSET 0) x) y GROUP BY met",
        midnight(since),
        midnight(end),
    )
    counts = {row["met"]: row["n"] for row in rows}
    return {rank: counts.get(rank, 0) for rank in (0, *(tier.rank for tier in asking))}
