"""Long jobs: begun here, run by a worker, and seen by people as they advance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow
from tessera.kernel.errors import Unavailable
from tessera.kernel.ids import uuid7
from tessera_hooks import _

if TYPE_CHECKING:
    from saq import Queue

QUEUE = "tessera"

LONG = {"timeout": 6 * 3600, "retries": 5, "heartbeat": 20, "ttl": 24 * 3600, "retry_delay": 5.0}
"""A long job resumes where its rows say; a worker that stops beating has lost it."""

STRETCH = 200.0
"""Seconds after which a round of a recurring job leaves the rest to the next; the worker ends one that takes 300."""

known_jobs: dict[str, Callable[..., Awaitable[None]]] = {}
"""What can run in the background, by name; each is given the id of its progress, then its JSON arguments."""

_queue_url = ""


def register(name: str, run: Callable[..., Awaitable[None]]) -> None:
    """Make a function callable by name in every worker."""
    known_jobs[name] = run


def use_queue(url: str) -> None:
    """Queue at this address from here on in this process."""
    global _queue_url
    _queue_url = url


def open_queue(url: str) -> Queue:
    """The queue at an address: PostgreSQL or Redis."""
    if url.startswith(("postgres://", "postgresql://")):
        from saq.queue.postgres import PostgresQueue

        return PostgresQueue.from_url(url, name=QUEUE, min_size=1, max_size=6)
    from saq import Queue

    return Queue.from_url(url, name=QUEUE)


@asynccontextmanager
async def connected_queue() -> AsyncIterator[Queue]:
    """This process's queue for the length of the block."""
    if not _queue_url:
        raise Unavailable(_("background work cannot be begun here"))
    queue = open_queue(_queue_url)
    await queue.connect()
    try:
        yield queue
    finally:
        await queue.disconnect()


async def begin(queue: Queue, name: str, title: str, **arguments: Any) -> UUID:
    """Begin a long job and answer the id under which its progress is seen."""
    progress = uuid7()
    await execute(
        "INSERT INTO progress (id, kind, title, report, started_at) VALUES ($1, $2, $3, '{}'::jsonb, $4)",
        progress,
        name,
        title,
        clock.now(),
    )
    await queue.enqueue("run_long", key=str(progress), work=name, row=str(progress), arguments=arguments, **LONG)
    return progress


async def advance(progress: UUID, done: int, total: int | None = None) -> None:
    """Say how far a long job has come."""
    await execute("UPDATE progress SET done = $2, total = coalesce($3, total) WHERE id = $1", progress, done, total)


async def finish(progress: UUID, report: Any, *, failed: bool = False) -> None:
    """Say that a long job has ended, and with what."""
    await execute(
        "UPDATE progress SET state = $2, report = $3::jsonb, ended_at = $4 WHERE id = $1",
        progress,
        "failed" if failed else "done",
        msgspec.json.encode(report).decode(),
        clock.now(),
    )


async def seen(progress: UUID) -> Any:
    """A long job as it stands."""
    return await fetchrow("SELECT * FROM progress WHERE id = $1", progress)


async def latest(limit: int = 10) -> list[Any]:
    """The long jobs of late, the newest first."""
    return await fetch("SELECT * FROM progress ORDER BY id DESC LIMIT $1", limit)
