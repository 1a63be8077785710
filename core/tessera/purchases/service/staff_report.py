"""Whose sales they were: what each of the staff sold in a period, and what came back of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.members.service import stores_seen

_CREDITED = """
WITH part AS (
    SELECT p.id AS purchase, p.amount AS whole, c.staff, sum(c.amount)::bigint AS amount
    FROM purchase p JOIN purchase_line l ON l.purchase = p.id JOIN line_credit c ON c.line = l.id
    WHERE {which} GROUP BY p.id, c.staff
    UNION ALL
    SELECT p.id, p.amount, p.staff, p.amount - coalesce((
        SELECT sum(c.amount) FROM purchase_line l JOIN line_credit c ON c.line = l.id WHERE l.purchase = p.id), 0)
    FROM purchase p WHERE p.staff IS NOT NULL AND {which}
), credited AS (
    SELECT purchase, whole, staff, sum(amount)::bigint AS amount FROM part GROUP BY purchase, whole, staff
)
"""
"""What of a purchase is whose: by lines where they say so, and the rest is whoever's who sold the receipt."""

_HERE = "p.currency = $3 AND ($4::uuid[] IS NULL OR p.store = ANY($4))"

_SOLD = f"""
{_CREDITED.format(which=f"p.at >= $1 AND p.at < $2 AND {_HERE}")}
SELECT staff, count(*)::int AS sales, sum(amount)::bigint AS amount FROM credited WHERE amount > 0 GROUP BY staff
"""

_BACK = """
SELECT r.purchase FROM purchase_return r WHERE r.at >= $1 AND r.at < $2 AND r.purchase IS NOT NULL
"""

_RETURNED = f"""
{_CREDITED.format(which=f"p.id IN ({_BACK}) AND {_HERE}")}, whose AS (
    SELECT purchase, whole, staff, sum(amount) OVER up AS upto, sum(amount) OVER up - amount AS below
    FROM credited WHERE whole > 0 WINDOW up AS (PARTITION BY purchase ORDER BY staff)
), came AS (
    SELECT purchase, at, sum(amount) OVER up AS after, sum(amount) OVER up - amount AS before
    FROM purchase_return WHERE purchase IN ({_BACK}) WINDOW up AS (PARTITION BY purchase ORDER BY at, id)
)
SELECT staff, sum(floor(after * upto / whole) - floor(after * below / whole)
    - floor(before * upto / whole) + floor(before * below / whole))::bigint AS amount
FROM came JOIN whose USING (purchase) WHERE at >= $1 AND at < $2 GROUP BY staff
"""
"""What came back is divided as the purchase was, rounded over all that has come back so far, one seller after the
other: what is taken off adds up to what came back."""


@dataclass(frozen=True)
class StaffSales:
    """What someone sold in a period, in minor units: ``sold`` less ``returned`` is ``amount``."""

    id: UUID
    name: str
    sales: int
    sold: int
    returned: int

    @property
    def amount(self) -> int:
        """What is left of it."""
        return self.sold - self.returned


async def staff_sales(first: date, last: date, store: UUID | None = None, currency: str = "") -> Sequence[StaffSales]:
    """What each of the staff sold from the first day to the last in the actor's stores, the most first.

    A sale counts on the day it was made, and a return takes off on the day it came. Days are those of the
    business's zone, money is in one currency, the business's unless another is named.
    """
    seen = stores_seen("purchases.read")
    if store is not None:
        seen = [store] if seen is None or store in seen else []
    zone = business().timezone
    period = clock.midnight(first, zone), clock.midnight(last + timedelta(days=1), zone)
    asked = (*period, currency or business().currency, seen)
    sold = {row["staff"]: row for row in await fetch(_SOLD, *asked)}
    returned = {row["staff"]: row["amount"] for row in await fetch(_RETURNED, *asked)}
    people = await fetch("SELECT id, name FROM staff WHERE id = ANY($1)", list({*sold, *returned}))
    found = [
        StaffSales(
            row["id"],
            row["name"],
            sold[row["id"]]["sales"] if row["id"] in sold else 0,
            sold[row["id"]]["amount"] if row["id"] in sold else 0,
            returned.get(row["id"], 0),
        )
        for row in people
    ]
    return sorted(found, key=lambda one: (-one.amount, one.name, one.id))
