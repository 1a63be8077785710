"""API keys: a recognised one is remembered, and forgotten as soon as it has ended."""

from __future__ import annotations

import asyncio
import contextvars
from datetime import timedelta
from uuid import UUID

import pytest

from tessera.access import service
from tessera.access.actor import Actor, Grant, acting_as
from tessera.access.service import api_keys, leaving
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.errors import Forbidden

OUTSIDE = contextvars.Context()
"""Where no unit of work is running, whatever the test is doing."""

REVOKE = "UPDATE api_key SET revoked_at = now()"


@pytest.fixture
async def key(business, system) -> str:
    """A key that was recognised a moment ago."""
    made = await service.add_key("till", ["members.read"])
    await service.recognise(made)
    return made


async def test_a_recognised_key_is_not_looked_up_again(key, monkeypatch):
    monkeypatch.setattr(api_keys, "fetchrow", None)
    assert (await service.recognise(key)).label == "till"


async def test_a_revoked_key_is_refused_at_once(key):
    await service.revoke(await fetchval("SELECT id FROM api_key"))
    assert await service.recognise(key) is None


async def test_the_key_of_someone_who_left_is_refused_at_once(key, hire):
    ana = await hire("ana")
    await execute("UPDATE api_key SET created_by = $1", ana.id)
    await leaving.leave(ana.id, revoke=[await fetchval("SELECT id FROM api_key")])
    assert await service.recognise(key) is None


async def test_a_key_that_another_process_revoked_is_refused_within_a_second(key):
    async def elsewhere() -> None:
        await execute(REVOKE)
        await generation.bump()

    async def refused() -> None:
        while await service.recognise(key):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)

    stop = asyncio.Event()
    watching = asyncio.create_task(generation.watch(stop))
    await in_transaction(elsewhere)
    await asyncio.wait_for(refused(), generation.POLL)
    stop.set()
    await watching


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(key):
    await execute("UPDATE api_key SET last_used_at = NULL")
    await api_keys.forget_known()

    async def revoked() -> asyncio.Task[object]:
        await execute(REVOKE)
        looking = asyncio.create_task(service.recognise(key), context=OUTSIDE)
        while not await fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        await generation.bump()
        return looking

    looking = await in_transaction(revoked)
    await generation.refresh()
    await looking
    assert await service.recognise(key) is None


async def test_a_key_that_expires_is_refused_though_it_is_remembered(business, system, monkeypatch):
    made = await service.add_key("till", ["members.read"], expires_at=clock.now() + timedelta(seconds=2))
    await service.recognise(made)
    later = clock.now() + timedelta(seconds=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await service.recognise(made) is None


async def test_keys_that_are_not_known_are_not_remembered(business):
    await api_keys.forget_known()
    for place in range(20):
        await service.recognise(f"tsr_{place}")
    assert api_keys._known == {}


async def test_the_last_use_is_noted_once_in_a_while(key):
    first = await fetchval("SELECT last_used_at FROM api_key")
    await api_keys.forget_known()
    await service.recognise(key)
    assert await fetchval("SELECT last_used_at FROM api_key") == first


async def test_a_key_holds_in_the_stores_that_it_was_made_for(store: UUID, system: Actor) -> None:
    second, third = [(await service.add_store(code, name=code)).id for code in ("second", "third")]
    holder = await service.recognise(await service.add_key("shop", ["members.read"], stores=[store, second]))
    assert holder is not None
    assert (holder.stores, holder.store) == ({store, second}, None)
    assert not holder.may("members.read", third)


async def test_who_manages_one_store_neither_makes_nor_ends_a_key_of_two(store: UUID, system: Actor) -> None:
    second = (await service.add_store("second", name="Second street")).id
    await service.add_key("shop", ["members.read"], stores=[store, second])
    with acting_as(Actor("staff", "Lin", (Grant(("*",), store),))):
        assert await service.list_keys() == []
        with pytest.raises(Forbidden):
            await service.add_key("shop", ["members.read"], stores=[store, second])
