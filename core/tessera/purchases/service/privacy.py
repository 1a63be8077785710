"""Purchases, returns and visits of one member, told to that person; they stay without the person.

Nothing here names anyone: a purchase knows its member by id, and that row is empty once it is erased.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch
from tessera.members.service import ids_of

_PURCHASES = """
SELECT p.id, p.source, p.external_id, p.at, p.currency, p.amount, p.discount, p.returned,
    p.points_paid, p.tier, p.origin, s.code AS store,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'name', l.name, 'category', l.category,
        'quantity', l.quantity::text, 'unit_price', l.unit_price::text, 'amount', l.amount) ORDER BY l.place), '[]')
     FROM purchase_line l WHERE l.purchase = p.id) AS lines,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('method', y.method, 'amount', y.amount) ORDER BY y.place), '[]')
     FROM payment y WHERE y.purchase = p.id) AS payments,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'value', c.value) ORDER BY c.place), '[]')
     FROM purchase_claim c WHERE c.purchase = p.id) AS claims
FROM purchase p LEFT JOIN store s ON s.id = p.store WHERE p.member = ANY($1) ORDER BY p.at, p.id
"""

_RETURNS = """
SELECT r.id, r.source, r.external_id, r.purchase, r.at, r.currency, r.amount, s.code AS store,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'name', l.name, 'quantity', l.quantity::text,
        'amount', l.amount) ORDER BY l.place), '[]')
     FROM purchase_return_line l WHERE l.purchase_return = r.id) AS lines,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('method', f.method, 'amount', f.amount) ORDER BY f.place), '[]')
     FROM refund f WHERE f.purchase_return = r.id) AS refunds
FROM purchase_return r LEFT JOIN store s ON s.id = r.store WHERE r.member = ANY($1) ORDER BY r.at, r.id
"""

_VISITS = """
SELECT v.day, v.kind, v.at, s.code AS store FROM visit v LEFT JOIN store s ON s.id = v.store
WHERE v.member = ANY($1) ORDER BY v.day, v.id
"""

_TAKINGS = """
SELECT t.kind, t.method, t.amount, t.currency, t.at, s.code AS store FROM taking t LEFT JOIN store s ON s.id = t.store
WHERE t.member = ANY($1) ORDER BY t.at, t.id
"""


async def tell_purchases(member: UUID) -> dict[str, Any] | None:
    """What a member bought and brought back, and when they were there; amounts in minor units."""
    ids = await ids_of(member)
    told = {
        name: [dict(row) for row in await fetch(sql, ids)]
        for name, sql in (
            ("purchases", _PURCHASES),
            ("returns", _RETURNS),
            ("visits", _VISITS),
            ("takings", _TAKINGS),
        )
    }
    return told if any(told.values()) else None
