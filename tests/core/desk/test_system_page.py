"""The page about the instance itself: what was given up is shown and tried again, the ledger is verified."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest

from tessera.kernel import jobs, long_jobs
from tessera.kernel.database import execute, fetchval
from tessera.kernel.ids import uuid7
from tessera.points.verification import verify_ledger


async def begun(title: str = "Verify") -> object:
    id_ = uuid7()
    await execute(
        "INSERT INTO progress (id, kind, title, report, started_at) VALUES ($1, 'points.verify', $2, '{}', now())",
        id_,
        title,
    )
    return id_


async def test_a_ledger_that_agrees_is_said_to_be_well(api, member, system):
    ana = await member("Ana")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 900}
    assert (await api.post("/purchases", json=sold)).status_code == 201
    job = await begun()
    await verify_ledger(job)
    row = await long_jobs.seen(job)
    assert (row["state"], row["report"]["entries"], row["done"] < row["total"]) == ("done", 1, True)


async def test_a_ledger_that_was_meddled_with_is_named(api, member, system):
    ana = await member("Ana")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 900}
    assert (await api.post("/purchases", json=sold)).status_code == 201
    await execute("UPDATE balance SET balance = balance + 5")
    job = await begun()
    await verify_ledger(job)
    row = await long_jobs.seen(job)
    assert (row["state"], row["report"]["differences"] > 0) == ("failed", True)


async def test_a_long_job_reaches_a_worker_through_this_processes_queue(
    business, plugin_host, database_server, database_config, monkeypatch
):
    monkeypatch.setattr(jobs, "GRACE", 0)
    monkeypatch.setitem(plugin_host._declared, "jobs", [])
    long_jobs.use_queue(database_server.dsn(quote(str(database_config["database"]))))
    async with long_jobs.connected_queue() as queue:
        job = await long_jobs.begin(queue, "points.verify", "Verify")
        worker = jobs.make_worker(queue, 1)
        worker.SIGNALS = []
        running = asyncio.create_task(worker.start())
        async with asyncio.timeout(15):
            while await fetchval("SELECT state FROM progress WHERE id = $1", job) == "running":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await worker.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (await long_jobs.seen(job))["state"] == "done"


async def test_a_process_without_a_queue_says_so(db, monkeypatch):
    monkeypatch.setattr(long_jobs, "_queue_url", "")
    with pytest.raises(long_jobs.Unavailable, match="background work cannot be begun here"):
        async with long_jobs.connected_queue():
            pass
