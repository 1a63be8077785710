"""Telling, once for each end, that a membership is about to expire."""

from __future__ import annotations

from datetime import timedelta

from tessera.plugin import business, emit, fetch, in_transaction, settings

AT_ONCE = 500

_NEAR = """
UPDATE wallet.membership x SET told_for = x.ends_on FROM wallet.membership_product p
WHERE p.id = x.product AND x.id IN (
    SELECT id FROM wallet.membership
    WHERE ended_on IS NULL AND ends_on BETWEEN $1 AND $2 AND told_for IS DISTINCT FROM ends_on
    ORDER BY ends_on, id LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING x.id, x.member, x.store, x.ends_on, p.code
"""


async def tell_expiring() -> None:
    """Tell of every membership whose last day is near, and of none twice for the same day.

    A renewal or a hold moves the last day, so that it is told again when the new one comes near.
    """
    while await in_transaction(_some) == AT_ONCE:
        pass


async def _some() -> int:
    today = business().today()
    before = timedelta(days=settings("wallet").membership_days_before)
    rows = await fetch(_NEAR, today, today + before, AT_ONCE)
    for row in rows:
        await emit(
            "wallet.membership_expiring",
            member=row["member"],
            store=row["store"],
            membership=row["id"],
            product=row["code"],
            until=row["ends_on"],
            days_left=(row["ends_on"] - today).days,
        )
    return len(rows)
