"""The inbox forgets what can never be delivered again, and only that."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tessera.access import service as access
from tessera.kernel import clock, dispatcher, inbox, reactions
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost, host
from tessera.kernel.plugins.consumers import begin
from tessera.kernel.plugins.host import CORE, Declared, EventKind
from tessera.kernel.plugins.removal import remove
from tessera.kernel.plugins.restoring import restore
from tessera.kernel.plugins.state import enable
from tessera_hooks import Event, Happened, Reaction, _

LATER = timedelta(days=8)


class Ping(msgspec.Struct):
    number: int


@pytest.fixture
def effects(plugin_host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the only reaction there is has done; the number 13 fails the first time."""
    done: list[int] = []
    failed: set[int] = set()

    async def handle(event: Happened) -> None:
        number = event.payload["number"]
        if number == 13 and not failed:
            failed.add(number)
            raise ValueError("unlucky")
        done.append(number)

    kind = EventKind("test.ping", CORE, Event("test.ping", _("Ping"), Ping))
    monkeypatch.setitem(plugin_host.event_kinds, "test.ping", kind)
    reaction = Reaction("test", ["test.ping"], handle, history=True)
    monkeypatch.setitem(plugin_host._declared, "reactions", [Declared(CORE, reaction)])
    monkeypatch.setattr(inbox, "KEPT_EVENTS", 3)
    return done


async def ping(*numbers: int) -> None:
    for number in numbers:
        await in_transaction(lambda number=number: emit("test.ping", number=number))
    await dispatcher.drain()


async def remembered() -> list[int]:
    rows = await fetch(
        "SELECT (e.payload ->> 'number')::int AS n FROM inbox i JOIN event e ON e.id = i.event "
        "WHERE i.consumer = 'test' ORDER BY n"
    )
    return [row["n"] for row in rows]


@pytest.mark.parametrize("batch", [1, 2, 4, 5, 5000])
async def test_what_is_old_and_far_below_is_forgotten_in_batches_of_any_size(db, effects, batch):
    await ping(1, 2, 3, 4, 5)
    with clock.frozen(clock.now() + LATER):
        assert await inbox.purge(batch) == 2
    assert await remembered() == [3, 4, 5]


async def test_it_is_forgotten_by_a_job_of_every_day(db, effects):
    await ping(1, 2, 3, 4, 5)
    [job] = [d.value for d in host().declared("jobs") if d.value.name == "events.inbox"]
    with clock.frozen(clock.now() + LATER):
        await job.run()
    assert (job.every, await remembered()) == ("10 4 * * *", [3, 4, 5])


async def test_what_is_young_is_kept_however_far_below(db, effects):
    await ping(1, 2, 3, 4, 5)
    with clock.frozen(clock.now() + timedelta(days=6)):
        assert await inbox.purge() == 0


async def test_what_waits_to_be_tried_again_is_kept(db, effects):
    await ping(13, 2, 3, 4, 5)
    await execute("UPDATE delivery SET due_at = now() - interval '1 second'")
    [event] = [row["event"] for row in await fetch("SELECT event FROM delivery")]
    await execute(
        "INSERT INTO inbox (id, consumer, event, at) VALUES ($1, 'test', $2, $3)", uuid7(), event, clock.now()
    )
    with clock.frozen(clock.now() + LATER):
        await inbox.purge()
        await reactions.deliver_due()
    assert (await remembered(), effects) == ([3, 4, 5, 13], [2, 3, 4, 5])


async def test_a_reaction_that_has_gone_keeps_its_rows_for_its_return(db, effects):
    await ping(1, 2, 3, 4, 5)
    await execute("DELETE FROM consumer WHERE name = 'test'")
    with clock.frozen(clock.now() + LATER):
        assert await inbox.purge() == 0


async def test_nothing_that_was_forgotten_is_delivered_again(db, effects):
    await ping(1, 13, 3, 4, 5)
    await execute("UPDATE delivery SET due_at = now() - interval '1 second'")
    await dispatcher.drain()
    with clock.frozen(clock.now() + LATER):
        assert await inbox.purge() == 2
    await begin(host(), [CORE])
    await begin(host(), [CORE], anew=True)
    await ping(6)
    assert sorted(effects) == [1, 3, 4, 5, 6, 13]


async def test_a_plugin_restored_after_it_was_enabled_anew_has_no_event_twice(with_sauna, tmp_path, monkeypatch):
    monkeypatch.setattr(inbox, "KEPT_EVENTS", 0)
    await heat_up()
    with clock.frozen(clock.now() + LATER):
        await inbox.purge()
    session = uuid7()
    await execute(
        "INSERT INTO sauna.session (id, store, degrees, facts, picture, at, minutes) "
        "SELECT $1, id, 84, '{}', '', now(), 15 FROM store LIMIT 1",
        session,
    )
    await remove("sauna", tmp_path / "s.zip")
    await enable("sauna")
    await restore(tmp_path / "s.zip")
    await dispatcher.drain()
    assert await fetchval("SELECT minutes FROM sauna.session WHERE id = $1", session) == 15


async def heat_up() -> None:
    """A heating, which both reactions of the sauna have had."""
    store = (await access.add_store("main", name="Main street")).id
    await in_transaction(lambda: emit("sauna.heated", store=store, degrees=84))
    await dispatcher.drain()
