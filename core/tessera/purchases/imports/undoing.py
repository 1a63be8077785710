"""Taking an import of receipts back: its purchases, returns and visits go, its points are reversed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.events import emit
from tessera.members.imports import Undone, refuse_if
from tessera.members.imports.people.undoing import remove_unused
from tessera.points.imports.undoing import reverse_entries
from tessera.purchases.service.statistics import rebuild
from tessera_hooks import Text, _

_RETURNED_SINCE = """
SELECT count(*) FROM purchase_return r JOIN purchase p ON p.id = r.purchase
WHERE p.batch = $1 AND r.batch IS DISTINCT FROM $1 AND r.recorded_at >= p.recorded_at
"""

_MEMBERS = """
SELECT DISTINCT member FROM (
    SELECT member FROM purchase WHERE batch = $1 UNION SELECT member FROM purchase_return WHERE batch = $1
    UNION SELECT member FROM visit WHERE batch = $1
    UNION SELECT r.member FROM purchase_return r JOIN purchase p ON p.id = r.purchase WHERE p.batch = $1
) m WHERE member IS NOT NULL ORDER BY member
"""

_TAKE_OUT = (
    # Returns of this import no longer weigh on purchases from elsewhere.
    """
    UPDATE purchase_line l SET returned = l.returned - b.quantity FROM (
        SELECT x.line, sum(x.quantity) AS quantity FROM purchase_return_line x
        JOIN purchase_return r ON r.id = x.purchase_return WHERE r.batch = $1 AND x.line IS NOT NULL GROUP BY 1
    ) b WHERE l.id = b.line
    """,
    """
    UPDATE purchase p SET returned = p.returned - b.amount FROM (
        SELECT purchase, sum(amount)::bigint AS amount FROM purchase_return
        WHERE batch = $1 AND purchase IS NOT NULL GROUP BY 1
    ) b WHERE p.id = b.purchase
    """,
    # Returns from elsewhere that had been waiting for purchases of this import wait again.
    """
    UPDATE purchase_return_line x SET line = NULL FROM purchase_return r, purchase p
    WHERE r.id = x.purchase_return AND p.id = r.purchase AND p.batch = $1 AND r.batch IS DISTINCT FROM $1
    """,
    """
    UPDATE purchase_return r SET purchase = NULL FROM purchase p
    WHERE p.id = r.purchase AND p.batch = $1 AND r.batch IS DISTINCT FROM $1
    """,
    "DELETE FROM purchase_return WHERE batch = $1",
    "DELETE FROM visit WHERE batch = $1",
    "DELETE FROM purchase WHERE batch = $1",
)

VISITS_AGAIN = """
INSERT INTO visit (id, member, store, day, kind, purchase, origin, batch, at)
SELECT DISTINCT ON (p.member, day, p.store) gen_random_uuid(), p.member, p.store, day, 'purchase', p.id, p.origin,
       p.batch, p.at
FROM purchase p LEFT JOIN store s ON s.id = p.store CROSS JOIN business b
CROSS JOIN LATERAL (SELECT (p.at AT TIME ZONE coalesce(s.timezone, b.timezone))::date AS day) d
WHERE p.member = ANY($1) ORDER BY p.member, day, p.store, p.at
ON CONFLICT (member, day, store) DO NOTHING
"""
"""Visits that other purchases of the same day were, which this import had been first to report."""


async def undo_purchases(batch: UUID) -> Undone:
    """Take back an import of receipts.

    Refused where a purchase of it was returned since, or its points were spent. Entries are never
    deleted: each gets its opposite. Members that it made go where nothing else hangs on them; whoever
    has entries in the ledger stays.
    """
    refuse_if(await _built_on(batch))
    members = [row["member"] for row in await fetch(_MEMBERS, batch)]
    removed = await fetchval(
        "SELECT (SELECT count(*) FROM purchase WHERE batch = $1) "
        "+ (SELECT count(*) FROM purchase_return WHERE batch = $1)",
        batch,
    )
    await reverse_entries(batch)
    for statement in _TAKE_OUT:
        await execute(statement, batch)
    await execute(VISITS_AGAIN, members)
    await rebuild(members)
    await remove_unused(batch)
    await emit("purchases.import_undone", batch=batch, removed=removed)
    return Undone(batch, removed, 0)


async def _built_on(batch: UUID) -> Sequence[Text]:
    returned = await fetchval(_RETURNED_SINCE, batch)
    return [_("{count} of its purchases were returned since", count=returned)] if returned else []
