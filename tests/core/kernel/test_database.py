"""A unit of work: all or nothing, run again when PostgreSQL asks for it, and never more than five times."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tessera.kernel import business as business_module
from tessera.kernel import database, due, generation
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.errors import CannotRun


async def put(key: str, value: int) -> None:
    await execute("INSERT INTO setting (key, value, plugin, updated_at) VALUES ($1, $2, 'core', now())", key, value)


async def test_what_fails_leaves_nothing(db):
    async def work() -> None:
        await put("a", 1)
        raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        await in_transaction(work)
    assert await fetchval("SELECT count(*) FROM setting WHERE key IN ('a', 'inner')") == 0


async def test_an_inner_unit_of_work_joins_the_outer(db):
    async def outer() -> None:
        await in_transaction(lambda: put("inner", 1))
        raise ValueError("outer fails")

    with pytest.raises(ValueError, match="outer fails"):
        await in_transaction(outer)
    assert await fetchval("SELECT count(*) FROM setting WHERE key IN ('a', 'inner')") == 0


async def test_two_that_lock_each_other_both_succeed(db):
    await put("a", 0)
    await put("b", 0)

    async def add(first: str, second: str) -> None:
        async def work() -> None:
            await execute("UPDATE setting SET value = to_jsonb(value::int + 1) WHERE key = $1", first)
            await asyncio.sleep(0.05)
            await execute("UPDATE setting SET value = to_jsonb(value::int + 1) WHERE key = $1", second)

        await in_transaction(work)

    await asyncio.gather(add("a", "b"), add("b", "a"))
    assert await fetchval("SELECT sum(value::int) FROM setting WHERE key IN ('a', 'b')") == 4


async def test_a_connection_that_dies_in_the_middle_does_not_shrink_the_pool(db):
    async def die() -> None:
        await execute("SELECT pg_terminate_backend(pg_backend_pid())")

    for _ in range(15):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await in_transaction(die)
    assert database.in_transaction_now() is False
    assert await asyncio.gather(*(in_transaction(lambda: fetchval("SELECT 1")) for _ in range(12))) == [1] * 12


async def test_it_gives_up_after_five_attempts(db):
    tried = 0

    async def work() -> None:
        nonlocal tried
        tried += 1
        raise asyncpg.SerializationError("again")

    with pytest.raises(asyncpg.SerializationError):
        await in_transaction(work)
    assert tried == database.ATTEMPTS


async def test_an_unreachable_database_is_named_with_the_next_step(db, monkeypatch):
    monkeypatch.setattr(database, "DB", database.Engine(config={}))
    with pytest.raises(CannotRun, match=r"cannot be reached .*: start it, or correct \[database\] url"):
        await database.connect({"dsn": "postgresql://nobody@127.0.0.1:1/none", "timeout": 3})


async def test_due_rows_are_claimed_once_by_parallel_workers(db):
    for i in range(20):
        await execute(
            "INSERT INTO delivery (id, consumer, event, attempts, error, due_at) "
            "VALUES (gen_random_uuid(), 'c', gen_random_uuid(), 0, $1, now())",
            str(i),
        )
    lease = due.timedelta(minutes=1)
    taken = await asyncio.gather(*(due.claim("delivery", limit=5, lease=lease) for _ in range(8)))
    names = [row["error"] for rows in taken for row in rows]
    assert sorted(names, key=int) == [str(i) for i in range(20)]


async def test_a_lease_that_ran_out_gives_the_row_back(db):
    await execute(
        "INSERT INTO delivery (id, consumer, event, attempts, error, due_at, lease_until) "
        "VALUES (gen_random_uuid(), 'c', gen_random_uuid(), 0, '', now(), now() - interval '1 second')"
    )
    assert len(await due.claim("delivery", limit=5, lease=due.timedelta(minutes=1))) == 1


async def test_a_setting_is_seen_at_once(db):
    await business_module.set_setting("shop.sign", {"lit": True})
    assert business_module.setting("shop.sign") == {"lit": True}


async def test_a_setting_that_was_rolled_back_is_not_remembered(db):
    async def work() -> None:
        await business_module.set_setting("shop.sign", "off")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_transaction(work)
    await generation.refresh()
    assert business_module.setting("shop.sign") is None


async def test_settings_that_could_not_be_read_are_read_again_at_the_next_look(db, monkeypatch):
    looks: list[str] = []

    async def read() -> None:
        looks.append("look")
        if len(looks) == 1:
            raise ConnectionResetError("gone in the middle")

    monkeypatch.setattr(generation, "_listeners", [read])
    await generation.bump()
    with pytest.raises(ConnectionResetError):
        await generation.refresh()
    assert await generation.refresh()
    assert len(looks) == 2


async def test_whoever_looks_while_others_read_waits_until_they_have(db, monkeypatch):
    begun, go_on, remembered = asyncio.Event(), asyncio.Event(), list[str]()

    async def read() -> None:
        begun.set()
        await go_on.wait()
        remembered.append("new")

    monkeypatch.setattr(generation, "_listeners", [read])
    await generation.bump()
    watcher = asyncio.create_task(generation.refresh())
    await begun.wait()
    looking = asyncio.create_task(generation.refresh())
    done, _waiting = await asyncio.wait({looking}, timeout=0.05)
    assert not done
    go_on.set()
    await asyncio.gather(watcher, looking)
    assert remembered == ["new"]


async def test_another_process_hears_of_a_change_without_a_restart(db):
    stop = asyncio.Event()
    watching = asyncio.create_task(generation.watch(stop))
    await asyncio.sleep(0.1)
    await execute("INSERT INTO setting (key, value, plugin, updated_at) VALUES ('till.open', 'true', 'core', now())")
    await generation.bump()
    for _ in range(300):
        if business_module.setting("till.open"):
            break
        await asyncio.sleep(0.01)
    stop.set()
    await watching
    assert business_module.setting("till.open") is True
