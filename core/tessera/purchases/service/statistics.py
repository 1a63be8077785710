"""What follows from purchases, returns and visits for each member; kept as they happen, and rebuilt from them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch

FROM_SCRATCH = """
SELECT m.id AS member, coalesce(p.n, 0) AS purchases, coalesce(p.spent, 0) - coalesce(r.back, 0) AS spent,
       p.last_at AS last_purchase_at, coalesce(v.n, 0) AS visits, v.last_day AS last_visit_on
FROM member m
LEFT JOIN LATERAL (SELECT count(*)::int AS n, sum(amount) FILTER (WHERE currency = $1)::bigint AS spent,
                          max(at) AS last_at FROM purchase WHERE member = m.id) p ON true
LEFT JOIN LATERAL (SELECT sum(amount) FILTER (WHERE currency = $1)::bigint AS back
                   FROM purchase_return WHERE member = m.id) r ON true
LEFT JOIN LATERAL (SELECT count(*)::int AS n, max(day) AS last_day FROM visit WHERE member = m.id) v ON true
"""
"""The statistics as they must be, computed from nothing but the facts."""

_DIFFERENT = f"""
SELECT f.member FROM ({FROM_SCRATCH}) f LEFT JOIN member_stats s ON s.member = f.member
WHERE (coalesce(s.purchases, 0), coalesce(s.spent, 0), s.last_purchase_at, coalesce(s.visits, 0), s.last_visit_on)
      IS DISTINCT FROM (f.purchases, f.spent, f.last_purchase_at, f.visits, f.last_visit_on)
ORDER BY f.member
"""


async def rebuild(members: Sequence[UUID]) -> None:
    """Compute the statistics of some members anew."""
    await execute("DELETE FROM member_stats WHERE member = ANY($1)", list(members))
    await execute(
        f"INSERT INTO member_stats (member, purchases, spent, last_purchase_at, visits, last_visit_on) "
        f"SELECT * FROM ({FROM_SCRATCH} WHERE m.id = ANY($2)) f WHERE purchases > 0 OR visits > 0 OR spent <> 0",
        business().currency,
        list(members),
    )


async def differing() -> list[UUID]:
    """The members whose statistics do not follow from the facts."""
    return [row["member"] for row in await fetch(_DIFFERENT, business().currency)]
