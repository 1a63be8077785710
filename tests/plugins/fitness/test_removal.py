"""Fitness goes with all that is its own, leaves the history readable, and comes back to the byte."""

from __future__ import annotations

from uuid import UUID

import pytest

from tessera import domains
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel.business import set_business
from tessera.kernel.database import connection, execute, fetch, fetchval, in_transaction
from tessera.kernel.plugins import discover, load_host, restoring, use_host
from tessera.kernel.plugins.removal import remove
from tessera.kernel.plugins.restoring import restore
from tessera.kernel.plugins.state import enable, record_plugins
from tessera.kernel.texts import translate
from tessera.members import service as members
from tessera.members.service import erasing, merging
from tessera.plugin import add_record
from tessera_fitness.tables import BodyTest

HISTORY = {"audit", "event", "event_label", "plugin_state"}


@pytest.fixture
async def tested(own_database, plugin_host) -> UUID:
    """A member of a gym with a body test."""
    await record_plugins(plugin_host)
    await set_business("Harbour Gym", "CNY", "Asia/Shanghai", "en")
    await enable("fitness")
    with system_actor():
        store = await access.add_store("main", name="Main street")
        ana = await members.create_member(members.NewMember(name="Ana", store=store.id))
        values = {"height": 170, "weight": 60, "body_fat": 22}
        await in_transaction(lambda: add_record(BodyTest, ana, values))
        yield ana


@pytest.fixture
def uninstalled(plugin_host):
    """The host as it is where fitness is not installed."""
    others = [c for c in discover() if c.name != "fitness"]
    return lambda: use_host(load_host(others, domains.DOMAINS, domains.derivations()))


async def records() -> str:
    rows = await fetch("SELECT t::text AS row FROM fitness.body_test t ORDER BY id")
    return "\n".join(row["row"] for row in rows)


async def tables_that_mention(word: str) -> set[str]:
    """Every table of the database with a row in which the word stands."""
    tables = await fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    async with connection() as db:
        return {
            t["name"]
            for t in tables
            if await db.fetchval(f'SELECT EXISTS (SELECT 1 FROM "{t["name"]}" t WHERE t::text ~ $1)', word)
        }


async def test_nothing_but_history_mentions_fitness_after_it_was_removed(tested, tmp_path):
    await remove("fitness", tmp_path / "f.zip")
    assert (await tables_that_mention("fitness"), await fetchval("SELECT to_regnamespace('fitness')")) == (
        HISTORY,
        None,
    )


async def test_the_history_is_readable_in_both_languages_after_it_was_removed(tested, uninstalled, tmp_path):
    before = translate("Body test", "zh_Hans")
    uninstalled()
    await remove("fitness", tmp_path / "f.zip")
    label = await fetchval(
        "SELECT l.title FROM event e JOIN event_label l USING (kind) WHERE kind = 'fitness.body_test_recorded'"
    )
    assert label == {"en": "Body test", "zh_Hans": before}


async def test_it_comes_back_to_the_byte(tested, tmp_path):
    before = await records()
    await remove("fitness", tmp_path / "f.zip")
    await restore(tmp_path / "f.zip")
    assert (before != "", await records()) == (True, before)


async def test_it_comes_back_after_its_code_was_uninstalled_and_installed_again(
    tested, uninstalled, plugin_host, tmp_path
):
    before = await records()
    uninstalled()
    await remove("fitness", tmp_path / "f.zip")
    use_host(plugin_host)
    await restore(tmp_path / "f.zip")
    assert await records() == before


async def twice(ana: UUID) -> UUID:
    """Someone who is Ana, too, with a body test of their own."""
    store = await fetchval("SELECT store FROM member WHERE id = $1", ana)
    double = await members.create_member(members.NewMember(name="Ana", store=store))
    await in_transaction(lambda: add_record(BodyTest, double, {"height": 170, "weight": 61, "body_fat": 22}))
    return double


async def test_what_comes_back_of_someone_merged_meanwhile_is_the_survivors(tested, tmp_path):
    double = await twice(tested)
    await remove("fitness", tmp_path / "f.zip")
    await merging.merge(tested, double)
    await restore(tmp_path / "f.zip")
    assert [row["member"] for row in await fetch("SELECT member FROM fitness.body_test")] == [tested, tested]


async def test_where_only_one_can_stand_the_survivors_stands(tested, tmp_path, monkeypatch):
    double = await twice(tested)
    await remove("fitness", tmp_path / "f.zip")
    await merging.merge(tested, double)
    migrate = restoring.migrate

    async def one_a_member(found):
        done = await migrate(found)
        await execute("CREATE UNIQUE INDEX IF NOT EXISTS one_a_member ON fitness.body_test (member)")
        return done

    monkeypatch.setattr(restoring, "migrate", one_a_member)
    await restore(tmp_path / "f.zip")
    rows = await fetch("SELECT member, weight::int AS weight FROM fitness.body_test ORDER BY weight")
    assert [tuple(row) for row in rows] == [(tested, 60), (double, 61)]


async def test_nothing_comes_back_of_someone_who_was_erased_meanwhile(tested, tmp_path):
    await remove("fitness", tmp_path / "f.zip")
    await erasing.erase(tested)
    restored = await restore(tmp_path / "f.zip")
    assert (await records(), [row[1] for row in restored.rejected]) == ("", ["member is no member that is there now"])
    assert "weight" not in restored.rejects.read_text(encoding="utf-8")
