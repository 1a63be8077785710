"""Forgetting, long afterwards, that a reaction has had an event."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetchrow

KEPT_EVENTS = 100_000
"""Events below its consumer's position for which a row of the inbox is kept in any case."""

KEPT = timedelta(days=7)
"""How long a row of the inbox is kept in any case."""

BATCH = 5_000

_NEVER = UUID(int=0)

_FORGET = """
WITH page AS (
    SELECT id, consumer, event, at FROM inbox WHERE id > $1 ORDER BY id LIMIT $2
), gone AS (
    DELETE FROM inbox USING page, consumer AS c, event AS e
    WHERE inbox.id = page.id AND page.at < $3 AND c.name = page.consumer AND e.id = page.event
      AND e.position <= c.position - $4::bigint
      AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.consumer = page.consumer AND d.event = page.event)
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS gone, count(*) AS seen,
       (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, min(at) AS oldest
FROM page
"""


async def forget_handled() -> None:
    """The daily round of ``purge``."""
    await purge()


async def purge(batch: int = BATCH) -> int:
    """Delete the rows of the inbox that can stop no delivery any more; answers how many. Each batch is a statement.

    A consumer is handed an event because of its position, which never goes back, or because of a row in
    ``delivery``, which begins when the event is met by position and is kept here. So what lies below the position
    and has no such row comes never again; the distance in events and days is for a process that read the
    position and was stopped for long before it went on. Ids grow with time: the walk ends at young rows.
    """
    forgotten: int = 0
    last, before = _NEVER, clock.now() - KEPT
    while True:
        page = await fetchrow(_FORGET, last, batch, before, KEPT_EVENTS)
        forgotten += page["gone"]
        if page["seen"] < batch or page["oldest"] >= before:
            return forgotten
        last = page["last"]
