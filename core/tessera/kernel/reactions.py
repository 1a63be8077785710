"""Handing committed events to those who react: once each in its effect, retried, parked, never in the way of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.due import claim
from tessera.kernel.events import happened
from tessera.kernel.ids import uuid7
from tessera.kernel.logs import logger
from tessera.kernel.plugins import failures
from tessera.kernel.plugins.consumers import begin, consumer_name
from tessera.kernel.plugins.host import host
from tessera_hooks import Happened, Reaction

ATTEMPTS = 5
"""Failures after which an event is parked for a consumer."""

BATCH = 200
FIRST_RETRY = timedelta(seconds=2)

_log = logger(__name__)

_NEXT = """
SELECT * FROM event WHERE position > $1 ORDER BY position LIMIT $2
"""


@dataclass(frozen=True)
class Consumer:
    """A reaction under the name by which its progress is kept."""

    name: str
    plugin: str
    reaction: Reaction

    def wants(self, event: Happened) -> bool:
        """Whether this event is its business."""
        if event.kind not in self.reaction.kinds:
            return False
        if event.origin == "import" and not self.reaction.history:
            return False
        if not host().enabled(self.plugin, event.store):
            return False
        return self.reaction.when is None or self._asked(self.reaction.when, event)

    def _asked(self, when: Callable[[Happened], bool], event: Happened) -> bool:
        """What a plugin answers; one that raises is named, and handed the event."""
        try:
            return when(event)
        except Exception as problem:  # noqa: BLE001 - isolation: the plugin is named, the events go on
            failures.note(self.plugin, f"reaction {self.name}", problem)
            return True


def consumers() -> list[Consumer]:
    """All reactions that are declared, by plugins that are enabled."""
    return [Consumer(consumer_name(d.plugin, d.value), d.plugin, d.value) for d in host().declared_in("reactions")]


async def deliver_all() -> int:
    """One round: the next events to each consumer, then what is due again. Answers how many were handled."""
    handled = 0
    for consumer in consumers():
        handled += await deliver_next(consumer)
    return handled + await deliver_due()


async def deliver_next(consumer: Consumer) -> int:
    """Hand a consumer its next events in order of position; a failing one is set aside, not in the way."""
    position = await fetchval("SELECT position FROM consumer WHERE name = $1", consumer.name)
    if position is None:
        await begin(host(), [consumer.plugin])
        position = await fetchval("SELECT position FROM consumer WHERE name = $1", consumer.name)
    rows = await fetch(_NEXT, position, BATCH)
    handled = 0
    for row in rows:
        event = happened(row)
        if consumer.wants(event):
            handled += 1
            if not await _attempt(consumer, event):
                await _set_aside(consumer, event.id)
    if rows:
        await execute(
            "UPDATE consumer SET position = $2, updated_at = $3 WHERE name = $1 AND position < $2",
            consumer.name,
            rows[-1]["position"],
            clock.now(),
        )
    return handled


async def _attempt(consumer: Consumer, event: Happened) -> bool:
    """Run the reaction and note it in one transaction; an event noted already is left alone."""

    async def work() -> None:
        fresh = await execute(
            "INSERT INTO inbox (id, consumer, event, at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (consumer, event) DO NOTHING",
            uuid7(),
            consumer.name,
            event.id,
            clock.now(),
        )
        if fresh:
            await consumer.reaction.handle(event)

    try:
        await in_transaction(work)
    except Exception as problem:
        if await _is_outage(problem):
            raise
        failures.note(consumer.plugin, f"reaction {consumer.name}", problem)
        _problems[(consumer.name, event.id)] = f"{type(problem).__name__}: {problem}"[:2000]
        return False
    return True


_problems: dict[tuple[str, UUID], str] = {}


async def _is_outage(problem: BaseException) -> bool:
    """Whether the database itself failed: then it is not the reaction's fault, and nothing is counted.

    A reaction may raise some of these errors of its own (a file that is missing, an answer that is late), so
    the database is asked: a reaction that was always tried again would be in the way of all others.
    """
    if isinstance(problem, asyncpg.PostgresConnectionError | asyncpg.AdminShutdownError):
        return True
    if not isinstance(problem, OSError | asyncpg.InterfaceError):
        return False
    try:
        await fetchval("SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return True
    return False


async def _set_aside(consumer: Consumer, event: UUID, attempts: int = 1) -> None:
    parked = clock.now() if attempts >= ATTEMPTS else None
    await execute(
        "INSERT INTO delivery (id, consumer, event, attempts, error, due_at, parked_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (consumer, event) DO UPDATE SET "
        "attempts = excluded.attempts, error = excluded.error, due_at = excluded.due_at, "
        "lease_until = NULL, parked_at = excluded.parked_at",
        uuid7(),
        consumer.name,
        event,
        attempts,
        _problems.pop((consumer.name, event), ""),
        clock.now() + FIRST_RETRY * 4 ** (attempts - 1),
        parked,
    )
    if parked:
        _log.error("event_parked", consumer=consumer.name, event_id=str(event), attempts=attempts)


async def deliver_due() -> int:
    """Try again what was set aside and is due. Answers how many were tried."""
    rows = await claim("delivery", limit=50, lease=timedelta(minutes=5), where="parked_at IS NULL")
    known = {c.name: c for c in consumers()}
    for row in rows:
        consumer = known.get(row["consumer"])
        event = await fetchrow("SELECT * FROM event WHERE id = $1", row["event"])
        if consumer is None or event is None or await _attempt(consumer, happened(event)):
            await execute("DELETE FROM delivery WHERE id = $1", row["id"])
        else:
            await _set_aside(consumer, row["event"], row["attempts"] + 1)
    return len(rows)


@dataclass(frozen=True)
class Behind:
    """The reaction that is furthest behind: by how many events, and for how long the oldest has been recorded."""

    consumer: str
    events: int
    seconds: float


_BEHIND = """
SELECT c.name, d.position - c.position AS events, coalesce(extract(epoch FROM now() - e.recorded_at), 0)::float AS age
FROM consumer c CROSS JOIN dispatcher d
LEFT JOIN LATERAL (
    SELECT recorded_at FROM event WHERE event.position > c.position ORDER BY event.position LIMIT 1
) AS e ON true
WHERE c.name = ANY ($1) AND c.position < d.position
ORDER BY c.position LIMIT 1
"""


async def behind() -> Behind | None:
    """Who is furthest behind of the reactions of enabled plugins; ``None`` where all have had every event."""
    row = await fetchrow(_BEHIND, [c.name for c in consumers()])
    return Behind(row["name"], row["events"], row["age"]) if row else None


async def count_parked() -> int:
    """How many events were given up for a consumer."""
    number: int = await fetchval("SELECT count(*) FROM delivery WHERE parked_at IS NOT NULL")
    return number


async def parked() -> Sequence[Any]:
    """Events that were given up for a consumer, newest first."""
    return await fetch(
        "SELECT d.id, d.consumer, d.event, d.attempts, d.error, d.parked_at, e.kind FROM delivery d "
        "JOIN event e ON e.id = d.event WHERE d.parked_at IS NOT NULL ORDER BY d.parked_at DESC LIMIT 200"
    )


async def retry(delivery: UUID) -> None:
    """Give a parked event another round of attempts."""
    await execute(
        "UPDATE delivery SET parked_at = NULL, attempts = 0, due_at = $2 WHERE id = $1", delivery, clock.now()
    )
