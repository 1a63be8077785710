"""The worker's side of background work: recurring ticks and long jobs, run by SAQ, which may forget any of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from saq import CronJob, Queue, Worker

from tessera.kernel import clock
from tessera.kernel.business import business, has_business
from tessera.kernel.database import execute
from tessera.kernel.logs import logger
from tessera.kernel.long_jobs import known_jobs
from tessera.kernel.plugins import failures
from tessera.kernel.plugins.host import CORE, host
from tessera_hooks import Job

BEAT = 5
"""Seconds between two signs of life of a running job."""

TICK = {"timeout": 300, "retries": 1, "heartbeat": 20, "ttl": 60}
"""A tick that is lost comes round again, so it is not retried; one that hangs is ended, and the next
may begin as soon as a killed worker's last one has stopped beating."""

TIMERS = {"schedule": 1, "worker_info": 10, "sweep": 10, "abort": 1}
"""Seconds between SAQ's own rounds; ``sweep`` is how soon a lost job is found."""

GRACE = 5
"""Seconds that running jobs get when a worker is told to stop."""

_log = logger(__name__)


def job_name(plugin: str, job: Job) -> str:
    """A job's name with its plugin's."""
    return job.name if plugin == CORE else f"{plugin}.{job.name}"


async def run_tick(plugin: str, job: Job) -> bool:
    """Run a recurring job once, noting how it went; answers whether it ended well.

    A job of a plugin that is disabled does nothing; one that raises is named and comes round again.
    """
    if not host().enabled(plugin):
        return True
    name, began, error = job_name(plugin, job), time.monotonic(), None
    await _note_run(name, plugin, None, None, None)
    try:
        await job.run()
    except Exception as problem:  # noqa: BLE001 - isolation: the job is named, the worker goes on
        failures.note(plugin, f"job {name}", problem)
        error = f"{type(problem).__name__}: {problem}"[:2000]
    await _note_run(name, plugin, clock.now(), time.monotonic() - began, error)
    return error is None


async def _note_run(name: str, plugin: str, ended: Any, seconds: float | None, error: str | None) -> None:
    await execute(
        "INSERT INTO job_run (name, plugin, started_at, ended_at, seconds, error) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (name) DO UPDATE SET started_at = CASE WHEN excluded.ended_at IS NULL THEN excluded.started_at "
        "ELSE job_run.started_at END, ended_at = excluded.ended_at, seconds = excluded.seconds, error = excluded.error",
        name,
        plugin,
        clock.now(),
        ended,
        seconds,
        error,
    )


def _cron(every: timedelta | str) -> str:
    if isinstance(every, str):
        return every
    seconds = int(every.total_seconds())
    if seconds < 60:
        return f"* * * * * */{max(seconds, 1)}"
    if seconds < 3600:
        return f"*/{seconds // 60} * * * *"
    return f"0 */{min(seconds // 3600, 23)} * * *"


def _cron_job(plugin: str, job: Job) -> CronJob[Any]:
    async def tick(context: Any) -> None:
        async with _beating(context):
            await run_tick(plugin, job)

    tick.__qualname__ = tick.__name__ = f"tick_{job_name(plugin, job)}"
    return CronJob(tick, cron=_cron(job.every), unique=True, **TICK)  # type: ignore[arg-type]


async def _run_long(context: Any, *, work: str, row: str, arguments: dict[str, Any]) -> None:
    """Run a long job by its name; SAQ takes ``progress`` and other words of its own for itself."""
    async with _beating(context):
        await known_jobs[work](UUID(row), **arguments)


_run_long.__qualname__ = "run_long"


def make_worker(queue: Queue, concurrency: int) -> Worker[Any]:
    """A worker for the long jobs and for all that plugins and domains declare as recurring.

    Cron lines are read in the business's zone.
    """
    ticks = [_cron_job(d.plugin, d.value) for d in host().declared("jobs")]
    return Worker(
        queue,
        functions=[("run_long", _run_long)],
        concurrency=concurrency,
        cron_jobs=ticks,
        cron_tz=clock.zone(business().timezone if has_business() else "UTC"),
        dequeue_timeout=2.0,
        timers=TIMERS,  # type: ignore[arg-type]  # SAQ's own type is private
        shutdown_grace_period_s=GRACE,
    )


@asynccontextmanager
async def _beating(context: Any) -> AsyncIterator[None]:
    """Tell SAQ that a job is alive for as long as the block runs."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            await context["job"].update()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
