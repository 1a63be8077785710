"""The rows of purchases, and the statement that writes many of them at once, each or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tessera.kernel import events
from tessera.kernel.business import business
from tessera.kernel.database import fetch


class PurchaseRow(msgspec.Struct):
    """A row of ``purchase``; ``fingerprint`` as PostgreSQL writes bytes in hex."""

    id: UUID
    source: str
    external_id: str
    fingerprint: str
    member: UUID | None
    account: UUID | None
    store: UUID | None
    staff: UUID | None
    at: datetime
    currency: str
    amount: int
    discount: int
    returned: int
    origin: str
    batch: UUID | None
    recorded_at: datetime
    points_paid: int = 0
    not_earning: int = 0
    tier: str | None = None
    claim_code: str | None = None
    shift: UUID | None = None


class LineRow(msgspec.Struct):
    """A row of ``purchase_line``."""

    id: UUID
    purchase: UUID
    place: int
    sku: str | None
    name: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    returned: Decimal = Decimal(0)
    staff: list[dict[str, Any]] | None = None


class PaymentRow(msgspec.Struct):
    """A row of ``payment``."""

    id: UUID
    purchase: UUID
    place: int
    method: str
    amount: int


class VisitRow(msgspec.Struct):
    """A row of ``visit``."""

    id: UUID
    member: UUID
    store: UUID | None
    day: date
    kind: str
    purchase: UUID | None
    origin: str
    batch: UUID | None
    at: datetime


class ReturnRow(msgspec.Struct):
    """A row of ``purchase_return``; ``fingerprint`` as PostgreSQL writes bytes in hex."""

    id: UUID
    source: str
    external_id: str
    fingerprint: str
    purchase: UUID | None
    purchase_external_id: str | None
    member: UUID | None
    store: UUID | None
    at: datetime
    currency: str
    amount: int
    origin: str
    batch: UUID | None
    recorded_at: datetime
    shift: UUID | None = None


class ReturnLineRow(msgspec.Struct):
    """A row of ``purchase_return_line``."""

    id: UUID
    purchase_return: UUID
    line: UUID | None
    place: int
    sku: str | None
    name: str | None
    quantity: Decimal
    amount: int


@dataclass
class Sheet:
    """Purchases on their way into the database, with all that belongs to them."""

    purchases: list[PurchaseRow] = field(default_factory=list)
    lines: list[LineRow] = field(default_factory=list)
    payments: list[PaymentRow] = field(default_factory=list)
    visits: list[VisitRow] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)


def columns(row: type[msgspec.Struct]) -> str:
    """The columns of a row's table, for SQL."""
    return ", ".join(row.__struct_fields__)


def as_json(rows: Iterable[Any]) -> str:
    """Rows for ``json_populate_recordset``."""
    return msgspec.json.encode(list(rows)).decode()


def _of(alias: str, row: type[msgspec.Struct]) -> str:
    return ", ".join(f"{alias}.{name}" for name in row.__struct_fields__)


ADD_TO_STATS = """
INSERT INTO member_stats (member, purchases, spent, last_purchase_at, visits, last_visit_on)
{rows}
ON CONFLICT (member) DO UPDATE SET
    purchases = member_stats.purchases + excluded.purchases,
    spent = member_stats.spent + excluded.spent,
    last_purchase_at = greatest(member_stats.last_purchase_at, excluded.last_purchase_at),
    visits = member_stats.visits + excluded.visits,
    last_visit_on = greatest(member_stats.last_visit_on, excluded.last_visit_on)
"""

_STATS = ADD_TO_STATS.format(
    rows="""
    SELECT b.member, b.n, b.spent, b.last_at, coalesce(w.n, 0), w.last_day
    FROM (SELECT member, count(*)::int AS n, coalesce(sum(amount) FILTER (WHERE currency = $6), 0)::bigint AS spent,
                 max(at) AS last_at FROM bought WHERE member IS NOT NULL GROUP BY member) b
    LEFT JOIN (SELECT member, count(*)::int AS n, max(day) AS last_day FROM visited GROUP BY member) w USING (member)
    ORDER BY b.member
    """
)

_WRITE = f"""
WITH bought AS (
    INSERT INTO purchase ({columns(PurchaseRow)})
    SELECT {columns(PurchaseRow)} FROM json_populate_recordset(NULL::purchase, $1) ORDER BY source, external_id
    ON CONFLICT (source, external_id) DO NOTHING
    RETURNING id, member, store, at, amount, currency, source, external_id
), new_line AS (
    INSERT INTO purchase_line ({columns(LineRow)})
    SELECT {_of("given", LineRow)} FROM json_populate_recordset(NULL::purchase_line, $2) AS given
    JOIN bought ON bought.id = given.purchase
), new_payment AS (
    INSERT INTO payment ({columns(PaymentRow)})
    SELECT {_of("given", PaymentRow)} FROM json_populate_recordset(NULL::payment, $3) AS given
    JOIN bought ON bought.id = given.purchase
), visited AS (
    INSERT INTO visit ({columns(VisitRow)})
    SELECT {_of("given", VisitRow)} FROM json_populate_recordset(NULL::visit, $4) AS given
    JOIN bought ON bought.id = given.purchase ORDER BY given.member, given.day
    ON CONFLICT (member, day, store) DO NOTHING
    RETURNING id, member, day
), linked AS (
    INSERT INTO member_store (member, store)
    SELECT DISTINCT member, store FROM bought WHERE member IS NOT NULL AND store IS NOT NULL ORDER BY member
    ON CONFLICT DO NOTHING
), stats AS (
    {_STATS}
), said AS (
    {events.INSERT_JSON.format(rows="$5")} AS given
    WHERE coalesce(given.payload ->> 'visit', given.payload ->> 'purchase')
          IN (SELECT id::text FROM bought UNION ALL SELECT id::text FROM visited)
)
SELECT bought.id, EXISTS (
    SELECT 1 FROM purchase_return r
    WHERE r.source = bought.source AND r.purchase_external_id = bought.external_id AND r.purchase IS NULL
) AS has_orphans
FROM bought
"""


async def write(sheet: Sheet) -> dict[UUID, bool]:
    """Write purchases whose source and number are new, with all that belongs to them.

    Answers those that were written, and of each whether returns were waiting for it. One statement:
    the unique key decides which of several parallel requests it is.
    """
    rows: Sequence[Any] = await fetch(
        _WRITE,
        as_json(sheet.purchases),
        as_json(sheet.lines),
        as_json(sheet.payments),
        as_json(sheet.visits),
        events.as_json(sheet.events),
        business().currency,
    )
    return {row["id"]: row["has_orphans"] for row in rows}
