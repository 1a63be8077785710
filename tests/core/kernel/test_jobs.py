"""Background work: ticks come round, long jobs show how far they are, and a lost one is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from saq import Queue

from tessera.kernel import embedded, jobs, long_jobs
from tessera.kernel.database import fetchrow, fetchval
from tessera.kernel.plugins import failures
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Job


@pytest.fixture
async def queue(
    db: None, database_server: embedded.EmbeddedServer, database_config: dict[str, object]
) -> AsyncIterator[Queue]:
    opened = long_jobs.open_queue(database_server.dsn(quote(str(database_config["database"]))))
    await opened.connect()
    yield opened
    await opened.disconnect()


@pytest.fixture
def working(queue, plugin_host, monkeypatch):
    """Run a worker beside the block's work, with these recurring jobs only."""

    async def run(until, *recurring: Job, seconds: float = 15) -> None:
        monkeypatch.setattr(jobs, "GRACE", 0)
        from tessera.kernel.plugins.host import Declared

        monkeypatch.setitem(plugin_host._declared, "jobs", [Declared(CORE, job) for job in recurring])
        worker = jobs.make_worker(queue, 2)
        worker.SIGNALS = []
        task = asyncio.create_task(worker.start())
        try:
            async with asyncio.timeout(seconds):
                await until.wait()
        finally:
            await worker.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run


async def test_a_tick_comes_round(working):
    ticked = asyncio.Event()

    async def tick() -> None:
        ticked.set()

    await working(ticked, Job("test.tick", timedelta(seconds=1), tick))
    assert await fetchval("SELECT count(*) FROM job_run WHERE name = 'test.tick'") == 1


async def test_a_job_that_raises_is_named_and_comes_round_again(db, plugin_host):
    failures.take()

    async def broken() -> None:
        raise ValueError("no flour")

    assert await jobs.run_tick(CORE, Job("test.bake", timedelta(hours=1), broken)) is False
    assert (await fetchrow("SELECT error FROM job_run WHERE name = 'test.bake'"))["error"] == "ValueError: no flour"
    assert [f.where for f in failures.take()] == ["job test.bake"]


async def test_a_job_of_a_disabled_plugin_does_nothing(db, plugin_host):
    ran = []

    async def tick() -> None:
        ran.append(1)

    await jobs.run_tick("dummy", Job("tick", timedelta(hours=1), tick))
    assert ran == []


async def test_a_long_job_shows_how_far_it_is(queue, working, monkeypatch):
    done = asyncio.Event()

    async def count(progress: UUID, upto: int) -> None:
        for i in range(upto):
            await long_jobs.advance(progress, i + 1, upto)
        await long_jobs.finish(progress, {"counted": upto})
        done.set()

    monkeypatch.setitem(long_jobs.known_jobs, "test.count", count)
    progress = await long_jobs.begin(queue, "test.count", "Counting", upto=3)
    assert (await long_jobs.seen(progress))["state"] == "running"
    await working(done)
    row = await long_jobs.seen(progress)
    assert (row["done"], row["total"], row["state"], row["report"]) == (3, 3, "done", {"counted": 3})


async def test_a_long_job_whose_worker_was_killed_is_taken_up_again(queue, working, monkeypatch):
    done = asyncio.Event()

    async def finish(progress: UUID) -> None:
        await long_jobs.finish(progress, {})
        done.set()

    monkeypatch.setitem(long_jobs.known_jobs, "test.finish", finish)
    monkeypatch.setitem(long_jobs.LONG, "heartbeat", 1)
    monkeypatch.setitem(long_jobs.LONG, "retry_delay", 0.1)
    monkeypatch.setitem(jobs.TIMERS, "sweep", 1)
    progress = await long_jobs.begin(queue, "test.finish", "Finishing")
    taken = await queue.dequeue(timeout=5)
    assert taken is not None
    await working(done, seconds=20)
    assert (await long_jobs.seen(progress))["state"] == "done"


@pytest.mark.parametrize(
    ("every", "cron"),
    [
        (timedelta(seconds=5), "* * * * * */5"),
        (timedelta(minutes=1), "*/1 * * * *"),
        (timedelta(minutes=15), "*/15 * * * *"),
        (timedelta(hours=6), "0 */6 * * *"),
        ("30 2 * * *", "30 2 * * *"),
    ],
)
def test_a_span_becomes_a_cron_line(every, cron):
    assert jobs._cron(every) == cron
