"""Events: none is lost, none has its effect twice, and a failing reaction is in nobody's way."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import msgspec
import pytest

from tessera.kernel import database, dispatcher, events, reactions
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.host import CORE, Declared, EventKind
from tessera.kernel.plugins.state import disable, enable
from tessera_hooks import Event, Happened, Reaction, _


class Ping(msgspec.Struct):
    number: int


@pytest.fixture
def ping(plugin_host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = EventKind("test.ping", CORE, Event("test.ping", _("Ping"), Ping))
    monkeypatch.setitem(plugin_host.event_kinds, "test.ping", kind)


@pytest.fixture
def react(plugin_host: PluginHost, monkeypatch: pytest.MonkeyPatch):
    """Make a function the only reaction there is."""

    def add(handle, *, history: bool = False) -> None:
        reaction = Reaction("test", ["test.ping"], handle, history=history)
        monkeypatch.setitem(plugin_host._declared, "reactions", [Declared(CORE, reaction)])

    return add


async def ping_once(number: int, pause: float = 0) -> UUID:
    async def work() -> UUID:
        id_ = await events.emit("test.ping", number=number)
        if pause:
            await asyncio.sleep(pause)
        return id_

    return await in_transaction(work)


async def numbered(holder: str) -> int:
    """Number what is committed, past the transactions of other tests on the same server."""
    async with asyncio.timeout(30):
        while not (count := await dispatcher.number_events(holder)):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.02)
    return count


async def test_an_event_outside_a_unit_of_work_is_refused(db, ping):
    with pytest.raises(RuntimeError, match=r'event "test\.ping" was emitted outside a unit of work'):
        await events.emit("test.ping", number=1)


async def test_a_payload_that_was_not_declared_is_refused(db, ping):
    with pytest.raises(msgspec.ValidationError):
        await in_transaction(lambda: events.emit("test.ping", number="many"))


async def test_positions_have_no_gap_and_lose_nobody_under_16_writers(db, ping, react):
    seen: list[int] = []

    async def remember(event: Happened) -> None:
        seen.append(event.payload["number"])

    react(remember, history=True)
    await reactions.deliver_all()
    stop = asyncio.Event()
    running = asyncio.create_task(dispatcher.run("test", stop))
    fate = random.Random(7)

    async def writer(lane: int) -> None:
        for i in range(25):
            await ping_once(lane * 1000 + i, fate.choice([0, 0, 0.002, 0.01]))

    await asyncio.gather(*(writer(lane) for lane in range(16)))
    stop.set()
    await running
    await dispatcher.drain()
    positions = [r["position"] for r in await fetch("SELECT position FROM event ORDER BY position")]
    assert positions == list(range(1, 401))
    assert sorted(seen) == sorted(lane * 1000 + i for lane in range(16) for i in range(25))


async def test_an_event_waits_for_older_transactions_that_still_run(db, ping):
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async def work() -> None:
            await events.emit("test.ping", number=1)
            begun.set()
            await finish.wait()

        await in_transaction(work)

    older = asyncio.create_task(slow())
    await begun.wait()
    await ping_once(2)
    assert await dispatcher.number_events("test") == 0
    finish.set()
    await older
    assert await dispatcher.drain("test") == 2
    rows = await fetch("SELECT payload FROM event ORDER BY position")
    assert [r["payload"]["number"] for r in rows] == [1, 2]


async def test_only_the_holder_of_the_lease_numbers(db, ping):
    await ping_once(1)
    assert await numbered("one") == 1
    assert await dispatcher.number_events("another") is None
    await dispatcher.release("one")
    assert await dispatcher.number_events("another") == 0


async def test_an_effect_happens_once_however_often_the_event_is_delivered(db, ping, react):
    effects: list[UUID] = []

    async def handle(event: Happened) -> None:
        effects.append(event.id)

    react(handle, history=True)
    await ping_once(1)
    await dispatcher.drain()
    await database.execute("UPDATE consumer SET position = 0")
    await dispatcher.drain()
    assert len(effects) == 1


async def test_a_reaction_that_fails_is_retried_then_parked_and_stops_nobody(db, ping, react, monkeypatch):
    monkeypatch.setattr(reactions, "FIRST_RETRY", reactions.FIRST_RETRY * 0)
    handled: list[int] = []

    async def handle(event: Happened) -> None:
        if event.payload["number"] == 1:
            raise ValueError("no")
        handled.append(event.payload["number"])

    react(handle, history=True)
    await ping_once(1)
    await ping_once(2)
    await dispatcher.drain()
    assert handled == [2]
    [given_up] = await reactions.parked()
    assert (given_up["attempts"], given_up["error"]) == (5, "ValueError: no")


@pytest.mark.parametrize("problem", [FileNotFoundError("no such file"), TimeoutError("too late")])
async def test_a_reaction_whose_own_errors_look_like_an_outage_stops_nobody(db, ping, react, problem):
    handled: list[int] = []

    async def handle(event: Happened) -> None:
        if event.payload["number"] == 1:
            raise problem
        handled.append(event.payload["number"])

    react(handle, history=True)
    await ping_once(1)
    await ping_once(2)
    await dispatcher.drain()
    assert handled == [2]


async def test_a_failing_reaction_leaves_no_trace_of_its_effect(db, ping, react):
    async def handle(event: Happened) -> None:
        await database.execute("INSERT INTO setting (key, value, plugin, updated_at) VALUES ('x', '1', 'core', now())")
        raise ValueError("after its effect")

    react(handle, history=True)
    await ping_once(1)
    await numbered("test")
    assert await reactions.deliver_all() == 1
    assert await fetchval("SELECT count(*) FROM setting WHERE key = 'x'") == 0


async def test_a_reaction_begins_when_its_plugin_is_enabled_not_when_the_first_worker_comes(business, member):
    await member("Ana")
    await dispatcher.drain()
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'event member.created'") == 1


async def test_what_happened_while_a_plugin_was_off_is_passed_over(business, member):
    await disable("dummy")
    await member("Ana")
    await dispatcher.drain()
    await enable("dummy")
    await member("Ben")
    await dispatcher.drain()
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'event member.created'") == 1


async def test_imported_history_reaches_only_those_who_ask_for_it(db, ping, react):
    told: list[int] = []

    async def handle(event: Happened) -> None:
        told.append(event.payload["number"])

    react(handle)
    await reactions.deliver_all()
    with events.importing(uuid7()):
        await ping_once(1)
    await ping_once(2)
    await dispatcher.drain()
    assert told == [2]
