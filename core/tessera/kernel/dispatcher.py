"""The one dispatcher: gives committed events their place, and hands them to those who react."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg

from tessera.kernel import reactions
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.logs import logger

LEASE = timedelta(seconds=10)
BATCH = 1000
POLL = 0.2
"""Seconds between looks. A NOTIFY with each event would wake sooner, but serialises every commit."""

_log = logger(__name__)

_TAKE_LEASE = """
UPDATE dispatcher SET holder = $1, lease_until = now() + $2::interval
WHERE holder = $1 OR lease_until IS NULL OR lease_until < now()
RETURNING position
"""

_NUMBER = """
WITH ready AS (
    SELECT id, row_number() OVER (ORDER BY txid, id) AS place
    FROM (
        SELECT id, txid FROM event
        WHERE position IS NULL AND txid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY txid, id LIMIT $2
    ) AS oldest
), numbered AS (
    UPDATE event SET position = $1 + ready.place FROM ready WHERE event.id = ready.id
    RETURNING 1
)
SELECT count(*) FROM numbered
"""


Work = Callable[[str], Awaitable[int | None]]

_beside: list[tuple[Work, float]] = []


def beside(work: Work, *, every: float) -> None:
    """Let the dispatcher do ``work`` too, at most every so many seconds.

    It is given the holder's name and answers how much it did; it asks ``hold_lease`` in its own
    transaction, so that one process at a time does it.
    """
    if (work, every) not in _beside:
        _beside.append((work, every))


async def hold_lease(holder: str) -> bool:
    """Take or keep the lease in the running unit of work, and lock its row until the commit."""
    return await fetchval(_TAKE_LEASE, holder, LEASE) is not None


async def number_events(holder: str, limit: int = BATCH) -> int | None:
    """Give the next committed events their positions and answer how many; ``None`` where another holds the lease.

    Events get places in the order of their transactions, and only those older than every transaction
    still running: nothing can commit later with an earlier place. The lease's row is locked until the
    commit, so two processes that both believe themselves the holder never number at once.
    """

    async def work() -> int | None:
        position = await fetchval(_TAKE_LEASE, holder, LEASE)
        if position is None:
            return None
        count: int = await fetchval(_NUMBER, position, limit)
        if count:
            await execute("UPDATE dispatcher SET position = position + $1", count)
        return count

    return await in_transaction(work)


async def release(holder: str) -> None:
    """Give the lease back, so that another process need not wait for its end."""
    await execute("UPDATE dispatcher SET lease_until = NULL WHERE holder = $1", holder)


async def drain(holder: str = "drain", patience: float = 30.0) -> int:
    """Number and hand out everything that is committed; for commands and tests. Answers how many were numbered.

    A transaction that began before and still runs, even one of another database of the same server, holds
    places back: it is waited for, ``patience`` seconds at most.
    """
    total, end = 0, time.monotonic() + patience
    while (count := await number_events(holder)) or (await lag())[0]:
        total += count or 0
        if not count:
            if time.monotonic() > end:
                raise TimeoutError("older transactions still run: events wait for their places")
            await asyncio.sleep(0.02)
    while await reactions.deliver_all():
        pass
    for work, _every in _beside:
        while await work(holder):
            pass
    await release(holder)
    return total


async def run(holder: str, stop: asyncio.Event) -> None:
    """Dispatch until ``stop``, through restarts of the database too."""
    while not stop.is_set():
        try:
            await _run_connected(holder, stop)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            _log.warning("dispatcher_interrupted", problem=str(problem))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL)
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await release(holder)


async def _run_connected(holder: str, stop: asyncio.Event) -> None:
    due: dict[Work, float] = {}
    while not stop.is_set():
        numbered = await number_events(holder)
        if numbered is not None:
            await _do_beside(holder, due)
            delivered = await reactions.deliver_all()
            if numbered or delivered:
                continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL)


async def _do_beside(holder: str, due: dict[Work, float]) -> None:
    """The work beside whose time has come; what did something comes again at once."""
    for work, every in _beside:
        if due.get(work, 0.0) <= time.monotonic() and not await work(holder):
            due[work] = time.monotonic() + every


async def lag() -> tuple[int, float]:
    """How many events wait for their place, and for how many seconds the oldest has."""
    row = await fetchrow(
        "SELECT count(*) AS n, coalesce(extract(epoch FROM now() - min(recorded_at)), 0)::float AS seconds "
        "FROM event WHERE position IS NULL"
    )
    return row["n"], row["seconds"]
