"""What a store remembers of its goods from having sold them: name, category and price by number, and the latest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tessera.kernel.articles import LENGTHS, article
from tessera.kernel.database import fetch

RECENT_SALES = 200
"""Sales of a store that are looked through for what it sells now."""


@dataclass(frozen=True)
class KnownArticle:
    """Goods that were sold before; ``unit_price`` in whole units of the currency, as they were sold last."""

    sku: str | None
    name: str | None
    category: str | None
    unit_price: Decimal | None


_BY_NUMBER = """
SELECT l.sku, l.name, l.category, l.unit_price FROM purchase_line l JOIN purchase p ON p.id = l.purchase
WHERE l.sku = ANY($1) AND p.currency = $3 AND ($2::uuid IS NULL OR p.store = $2 OR l.unit_price IS NOT NULL)
ORDER BY p.store IS NOT DISTINCT FROM $2 DESC, l.id DESC LIMIT 1
"""

_RECENT = """
SELECT DISTINCT ON (coalesce(l.sku, l.name)) l.sku, l.name, l.category, l.unit_price, count(*) OVER w AS sold
FROM (SELECT id FROM purchase WHERE {here} AND currency = $2 ORDER BY id DESC LIMIT $3) p
JOIN purchase_line l ON l.purchase = p.id
WHERE l.name IS NOT NULL AND l.unit_price IS NOT NULL
WINDOW w AS (PARTITION BY coalesce(l.sku, l.name))
ORDER BY coalesce(l.sku, l.name), l.id DESC
"""


async def known_article(sku: str, store: UUID | None, currency: str) -> KnownArticle | None:
    """Goods by their number, under whichever length of it they were sold, as this store sold them last."""
    rows = await fetch(_BY_NUMBER, _spellings(sku), store, currency)
    return KnownArticle(**dict(rows[0])) if rows else None


async def recent_articles(store: UUID | None, currency: str, limit: int = 12) -> list[KnownArticle]:
    """What a store sells most these days, the most sold first."""
    here = "store = $1" if store is not None else "$1::uuid IS NULL"
    rows = await fetch(_RECENT.format(here=here), store, currency, RECENT_SALES)
    best = sorted(rows, key=lambda row: (-row["sold"], row["name"]))[:limit]
    return [KnownArticle(row["sku"], row["name"], row["category"], row["unit_price"]) for row in best]


def _spellings(sku: str) -> Sequence[str]:
    """All ways to write a GTIN; another number has one."""
    whole = article(sku) or sku
    if whole == sku and len(sku) != max(LENGTHS):
        return [sku]
    return list(dict.fromkeys([sku, *(whole[-n:] for n in LENGTHS if whole[: max(LENGTHS) - n].strip("0") == "")]))
