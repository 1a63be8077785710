"""What came in on some days: by store, cashier and method, from sales, returns and what was taken otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.members.service import stores_seen

POINTS, UNSAID = "points", ""
"""Ways in which a sale was paid that are no method: with points, and without a word."""

_ROWS = """
WITH place AS (
    SELECT s.id, s.timezone FROM store s UNION ALL SELECT NULL, $6::text
), sold AS (
    SELECT p.* FROM purchase p JOIN place x ON x.id IS NOT DISTINCT FROM p.store
    WHERE p.at >= $1 AND p.at < $2 AND (p.at AT TIME ZONE x.timezone)::date BETWEEN $3 AND $4
), back AS (
    SELECT r.* FROM purchase_return r JOIN place x ON x.id IS NOT DISTINCT FROM r.store
    WHERE r.at >= $1 AND r.at < $2 AND (r.at AT TIME ZONE x.timezone)::date BETWEEN $3 AND $4
), moved AS (
    SELECT p.store, coalesce(h.staff, p.staff) AS staff, p.currency, y.method,
           y.amount AS sales, 0 AS refunds, 0 AS taken
    FROM sold p JOIN payment y ON y.purchase = p.id LEFT JOIN shift h ON h.id = p.shift
    UNION ALL
    SELECT p.store, coalesce(h.staff, p.staff), p.currency, 'points', p.points_paid, 0, 0
    FROM sold p LEFT JOIN shift h ON h.id = p.shift WHERE p.points_paid > 0
    UNION ALL
    SELECT p.store, coalesce(h.staff, p.staff), p.currency, '',
           p.amount - p.points_paid - coalesce(paid.amount, 0), 0, 0
    FROM sold p LEFT JOIN shift h ON h.id = p.shift
    LEFT JOIN LATERAL (SELECT sum(y.amount) AS amount FROM payment y WHERE y.purchase = p.id) paid ON true
    WHERE p.amount <> p.points_paid + coalesce(paid.amount, 0)
    UNION ALL
    SELECT r.store, h.staff, r.currency, f.method, 0, f.amount, 0
    FROM back r JOIN refund f ON f.purchase_return = r.id LEFT JOIN shift h ON h.id = r.shift
    UNION ALL
    SELECT r.store, h.staff, r.currency, '', 0, r.amount - coalesce(paid.amount, 0), 0
    FROM back r LEFT JOIN shift h ON h.id = r.shift
    LEFT JOIN LATERAL (SELECT sum(f.amount) AS amount FROM refund f WHERE f.purchase_return = r.id) paid ON true
    WHERE r.amount <> coalesce(paid.amount, 0)
    UNION ALL
    SELECT t.store, coalesce(h.staff, t.staff), t.currency, t.method, 0, 0, t.amount
    FROM taking t JOIN place x ON x.id IS NOT DISTINCT FROM t.store LEFT JOIN shift h ON h.id = t.shift
    WHERE t.at >= $1 AND t.at < $2 AND (t.at AT TIME ZONE x.timezone)::date BETWEEN $3 AND $4
)
SELECT m.store, s.name AS cashier, m.method, m.currency, sum(m.sales)::bigint AS sales,
    sum(m.refunds)::bigint AS refunds, sum(m.taken)::bigint AS taken
FROM moved m LEFT JOIN staff s ON s.id = m.staff
WHERE ($5::uuid[] IS NULL OR m.store = ANY($5)) AND ($7::uuid IS NULL OR m.store = $7)
GROUP BY m.store, m.staff, s.name, m.method, m.currency
ORDER BY m.store, s.name NULLS LAST, m.method, m.currency
"""


@dataclass(frozen=True)
class Takings:
    """What one cashier of a store took by one method, in minor units; ``refunds`` is what went back.

    The method is ``points`` where points paid, and empty where a sale did not say how it was paid.
    """

    store: UUID | None
    cashier: str | None
    method: str
    currency: str
    sales: int
    refunds: int
    taken: int

    @property
    def net(self) -> int:
        """What stayed."""
        return self.sales - self.refunds + self.taken


async def takings(since: date, until: date, *, store: UUID | None = None) -> list[Takings]:
    """What came in on the days from ``since`` to ``until``, each store's by its own calendar."""
    zone = business().timezone
    first = clock.midnight(since - timedelta(days=1), zone)
    last = clock.midnight(until + timedelta(days=2), zone)
    rows = await fetch(_ROWS, first, last, since, until, stores_seen("purchases.read"), zone, store)
    return [Takings(**dict(row)) for row in rows]


def totals(rows: Sequence[Takings]) -> list[Takings]:
    """The sums by method and currency."""
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        known = sums.setdefault((row.method, row.currency), [0, 0, 0])
        for place, amount in enumerate((row.sales, row.refunds, row.taken)):
            known[place] += amount
    return [Takings(None, None, method, currency, *sums[method, currency]) for method, currency in sorted(sums)]
