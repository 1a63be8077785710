"""Real receipts whose returns name their purchase: points agree with what SQL finds in the file.

The file of the tests does not say what a cancellation cancels. Where exactly one reading fits, the column that says it
is added here: the latest earlier receipt of the same customer that holds all that came back, while all that comes back
of it fits into it. Everything else stays an orphan.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from core.purchases.test_import import read_raw
from real_input import real

from tessera.kernel.business import set_business
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.members import identities
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.imports import import_purchases

TOTALS = (
    """
    CREATE TEMP TABLE total ON COMMIT DROP AS
    SELECT receipt, customer, sku, sum(quantity) AS quantity FROM raw WHERE customer IS NOT NULL GROUP BY 1, 2, 3
    """,
    """
    CREATE TEMP TABLE worth ON COMMIT DROP AS
    SELECT receipt, customer, min(at) AS at, bool_or(quantity < 0) AS back,
           abs(sum(round(quantity * price, 2))) AS amount
    FROM raw WHERE customer IS NOT NULL GROUP BY receipt, customer
    """,
    "CREATE INDEX ON total (receipt, sku)",
    "ANALYZE total",
    "ANALYZE worth",
)

CANCELLED = """
CREATE TEMP TABLE cancelled ON COMMIT DROP AS
WITH fits AS (
    SELECT DISTINCT ON (c.receipt) c.receipt, c.amount, o.receipt AS original, o.amount AS most
    FROM worth c JOIN worth o ON o.customer = c.customer AND NOT o.back AND o.at < c.at
    WHERE c.receipt LIKE 'C%' AND NOT EXISTS (
        SELECT 1 FROM total x LEFT JOIN total y ON y.receipt = o.receipt AND y.sku = x.sku
        WHERE x.receipt = c.receipt AND coalesce(y.quantity, 0) < -x.quantity)
    ORDER BY c.receipt, o.at DESC, o.receipt
)
SELECT receipt, original FROM fits f WHERE (SELECT sum(g.amount) FROM fits g WHERE g.original = f.original) <= f.most
"""
"""Which receipt each cancellation came from, as far as the file tells."""

EXPECTED = """
WITH receipt AS (
    SELECT * FROM worth WHERE customer IN (SELECT customer FROM worth JOIN cancelled USING (receipt))
), returned AS (
    SELECT original AS receipt, sum(amount) AS amount FROM cancelled JOIN receipt USING (receipt) GROUP BY original
)
SELECT customer, sum(floor(r.amount) - floor(floor(r.amount) * coalesce(b.amount, 0) / nullif(r.amount, 0)))::bigint
    AS points
FROM receipt r LEFT JOIN returned b USING (receipt) WHERE NOT r.back AND r.amount > 0 GROUP BY customer
"""
"""One point for a whole pound of each receipt; of it goes the share that came back, rounded down once."""

STORED = """
SELECT a.member, sum(e.amount)::bigint AS points FROM entry e JOIN account a ON a.id = e.account GROUP BY a.member
"""


@pytest.fixture
async def named(business: None, tmp_path: Path) -> tuple[Path, dict[str, int], int]:
    """A list with what each return came from, the points that each customer must have, and how many are linked."""
    await set_business("Gift shop", "GBP", "Europe/London", "en")

    async def work() -> tuple[Path, dict[str, int], int]:
        await read_raw(real("receipts.xlsx"))
        for statement in (*TOTALS, CANCELLED):
            await execute(statement)
        wanted = {row["customer"]: row["points"] for row in await fetch(EXPECTED)}
        rows = await fetch(
            "SELECT raw.*, c.original FROM raw LEFT JOIN cancelled c USING (receipt) "
            "WHERE customer = ANY($1) ORDER BY line",
            list(wanted),
        )
        linked = await fetchval("SELECT count(*) FROM cancelled")
        path = tmp_path / "named.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["receipt", "sku", "item", "quantity", "date", "price", "customer", "original receipt"])
            for r in rows:
                writer.writerow(
                    [
                        r["receipt"],
                        r["sku"],
                        r["item"],
                        r["quantity"],
                        r["at"],
                        r["price"],
                        r["customer"],
                        r["original"],
                    ]
                )
        await execute("DROP TABLE raw")
        return path, wanted, linked

    return await in_transaction(work)


async def test_points_after_real_returns_are_what_sql_finds(named: tuple[Path, dict[str, int], int]) -> None:
    path, wanted, linked = named
    await import_purchases(path, source="till", earn=True)
    stored = {row["member"]: row["points"] for row in await fetch(STORED) if row["points"]}
    ids = {customer: identities.external("till", customer) for customer in wanted}
    found = await identities.holders(ids.values())
    assert stored == {found["external", ids[c].lookup]: worth for c, worth in wanted.items() if worth}
    assert await fetchval("SELECT count(*) FROM purchase_return WHERE purchase IS NOT NULL") == linked >= 40
    assert await points.verify() == []
    assert await service.differing() == []
