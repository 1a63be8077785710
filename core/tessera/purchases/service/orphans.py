"""Returns that came before their purchase: linked when it arrives, as far as they fit and in its currency."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from tessera.kernel.articles import article
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import DomainError
from tessera.kernel.logs import logger
from tessera.purchases.service.bringing_back import Back, attribute, bring_back, lock_purchase

_log = logger(__name__)

_TOGETHER = """
(r.store IS NULL OR p.store IS NULL OR r.store = p.store OR EXISTS (
    SELECT 1 FROM store a JOIN store b ON b.circle = a.circle WHERE a.id = r.store AND b.id = p.store))
"""
"""That return and purchase are of one circle: a number that another circle names is not the same receipt."""

_WAITING = f"""
SELECT r.id, r.amount, r.at, r.member, r.store, r.origin,
    EXISTS (SELECT 1 FROM refund f WHERE f.purchase_return = r.id) AS refunded
FROM purchase_return r JOIN purchase p
  ON p.source = r.source AND p.external_id = r.purchase_external_id AND p.currency = r.currency
WHERE p.id = $1 AND r.purchase IS NULL AND {_TOGETHER} ORDER BY r.at, r.id
"""

_MISSED = f"""
SELECT DISTINCT p.id FROM purchase_return r JOIN purchase p
  ON p.source = r.source AND p.external_id = r.purchase_external_id AND p.currency = r.currency
WHERE r.purchase IS NULL AND p.returned + r.amount <= p.amount AND {_TOGETHER} ORDER BY p.id
"""

_LINES = """
SELECT id, sku, quantity FROM purchase_return_line WHERE purchase_return = $1 ORDER BY place
"""


async def adopt(purchase: UUID) -> int:
    """Link the returns that were waiting for a purchase, as far as they fit into it; answers how many.

    One that would bring back more than was bought stays an orphan, and so does one in another currency:
    its amount says nothing of the purchase's. The purchase is locked before the returns are read, so
    that none is linked by two at once.
    """
    linked = 0
    await lock_purchase(purchase)
    for waiting in await fetch(_WAITING, purchase):
        bought = await lock_purchase(purchase)
        if bought["returned"] + waiting["amount"] > bought["amount"]:
            continue
        await _link(bought, waiting)
        linked += 1
    return linked


async def _link(bought: Any, waiting: Any) -> None:
    for line in await fetch(_LINES, waiting["id"]):
        open_lines = await fetch(
            "SELECT id, sku FROM purchase_line WHERE purchase = $1 AND sku IS NOT NULL AND returned + $2 <= quantity "
            "ORDER BY place",
            bought["id"],
            line["quantity"],
        )
        own = next((one["id"] for one in open_lines if article(one["sku"]) == article(line["sku"])), None)
        if own is not None:
            await attribute(own, line["quantity"])
            await execute("UPDATE purchase_return_line SET line = $2 WHERE id = $1", line["id"], own)
    await execute(
        "UPDATE purchase_return SET purchase = $2, member = coalesce(member, $3) WHERE id = $1",
        waiting["id"],
        bought["id"],
        bought["member"],
    )
    back = Back(
        id=waiting["id"],
        amount=waiting["amount"],
        at=waiting["at"],
        store=waiting["store"],
        origin=waiting["origin"],
        counted=waiting["member"] is not None,
        refunds=None if waiting["refunded"] else (),
    )
    await bring_back(bought, back)


async def adopt_all() -> None:
    """Link whatever returns and purchases have missed each other: both may have been written at once.

    What cannot come back now, such as money by a method whose plugin is gone, waits on and holds up no other.
    """
    for row in await fetch(_MISSED):
        try:
            await in_transaction(partial(adopt, row["id"]))
        except DomainError as refusal:
            _log.warning("return_waits_on", purchase=str(row["id"]), reason=str(refusal))
