"""How a purchase was paid, and what of it went back, by method; and the code by which a sale is claimed later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.purchases.service.codes import code_of
from tessera.purchases.service.methods import method_titles
from tessera_hooks import Text


@dataclass(frozen=True)
class Paid:
    """An amount in minor units by the title of its method."""

    method: str
    title: Text | str
    amount: int


@dataclass(frozen=True)
class ReceiptFacts:
    """What a receipt says beside its lines; ``points_paid`` is what points paid, in minor units."""

    payments: Sequence[Paid]
    refunds: Sequence[Paid]
    points_paid: int
    claim_code: str | None
    account: UUID | None


@dataclass(frozen=True)
class ReceiptLine:
    """A sale in the list of a till."""

    id: UUID
    external_id: str
    at: datetime
    member: UUID | None
    name: str | None
    amount: int
    returned: int
    currency: str
    store: UUID | None


async def receipt_of(purchase: UUID) -> ReceiptFacts:
    """How a purchase was paid, what went back, and its code."""
    paid = await fetch("SELECT method, amount FROM payment WHERE purchase = $1 ORDER BY place", purchase)
    back = await fetch(
        "SELECT f.method, sum(f.amount)::bigint AS amount FROM refund f JOIN purchase_return r "
        "ON r.id = f.purchase_return WHERE r.purchase = $1 GROUP BY 1 ORDER BY 1",
        purchase,
    )
    row = await fetchrow("SELECT points_paid, claim_code, account FROM purchase WHERE id = $1", purchase)
    titles = method_titles({one["method"] for one in (*paid, *back)})
    return ReceiptFacts(
        [Paid(one["method"], titles[one["method"]], one["amount"]) for one in paid],
        [Paid(one["method"], titles[one["method"]], one["amount"]) for one in back],
        row["points_paid"] if row else 0,
        row["claim_code"] if row else None,
        row["account"] if row else None,
    )


_LATEST = """
SELECT p.id, p.external_id, p.at, p.member, m.name, p.amount, p.returned, p.currency, p.store
FROM purchase p LEFT JOIN member m ON m.id = p.member
WHERE ($1::uuid[] IS NULL OR p.store = ANY($1)) AND ($2::text IS NULL OR p.external_id = $2 OR p.claim_code = $3)
ORDER BY p.id DESC LIMIT $4
"""


async def latest_receipts(stores: Sequence[UUID] | None, number: str | None, limit: int) -> list[ReceiptLine]:
    """The last sales of some stores (of all for ``None``), or those with a number or code, however it was typed."""
    wanted = None if number is None or "\x00" in number else number
    code = code_of(wanted) if wanted is not None else None
    return [ReceiptLine(**dict(row)) for row in await fetch(_LATEST, stores, wanted, code, limit)]
