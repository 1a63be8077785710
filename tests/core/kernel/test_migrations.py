"""Migrations: each whole or not at all, whoever else starts at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import CannotRun
from tessera.kernel.migrations import Found, Migration, find_migrations, migrate, pending, refuse_newer
from tessera.kernel.plugins.contract import tables_of


def raw(plugin: str, id_: str, *statements: str) -> Migration:
    async def forwards() -> MigrationManager:
        manager = MigrationManager(migration_id=id_, app_name=plugin, description="")

        async def run() -> None:
            for statement in statements:
                await execute(statement)

        manager.add_raw(run)
        return manager

    return Migration(plugin, id_, forwards)


@pytest.fixture
async def scratch(db):
    yield
    await execute("DROP TABLE IF EXISTS scratch")
    await execute("DELETE FROM migration WHERE plugin IN ('one', 'two')")


def found(plugin: str, *migrations: Migration) -> Found:
    return Found(plugin, Path(), tuple(migrations))


async def test_a_migration_and_its_bookkeeping_are_one(scratch):
    broken = raw("one", "1", "CREATE TABLE scratch (n int)", "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await migrate([found("one", broken)])
    assert await fetchval("SELECT to_regclass('scratch')") is None
    assert await fetchval("SELECT count(*) FROM migration WHERE plugin = 'one'") == 0


async def test_several_processes_that_start_at_once_run_it_once(scratch):
    one = found("one", raw("one", "1", "CREATE TABLE scratch (n int)", "SELECT pg_sleep(0.05)"))
    ran = await asyncio.gather(*(migrate([one]) for _ in range(6)))
    assert sorted(ran) == [0, 0, 0, 0, 0, 1]


async def test_plugins_with_equal_ids_do_not_share_their_bookkeeping(scratch):
    one = found("one", raw("one", "1", "CREATE TABLE scratch (n int)"))
    two = found("two", raw("two", "1", "INSERT INTO scratch VALUES (1)"))
    assert await migrate([one, two]) == 2
    await execute("DELETE FROM migration WHERE plugin = 'one'")
    assert [m.plugin for m in await pending([one, two])] == ["one"]


async def test_a_database_newer_than_the_code_is_refused(scratch):
    await migrate([found("one", raw("one", "1"), raw("one", "2"))])
    with pytest.raises(
        CannotRun, match=r'the database is newer than this version of plugin "one" \(it has migration 2\)'
    ):
        await refuse_newer([found("one", raw("one", "1"))])


async def test_equal_file_names_in_two_plugins_stay_apart(tmp_path):
    text = (
        "from piccolo.apps.migrations.auto.migration_manager import MigrationManager\n"
        "ID = '1'\nWHO = '{who}'\n\n"
        "async def forwards():\n    return MigrationManager(migration_id=ID, app_name=WHO, description='')\n"
    )
    managers = []
    for who in ("left", "right"):
        folder = tmp_path / who
        folder.mkdir()
        (folder / "first.py").write_text(text.format(who=who))
        [migration] = find_migrations(who, folder, f"tessera_test_{who}").migrations
        managers.append((await migration.forwards()).app_name)
    assert managers == ["left", "right"]


def test_a_file_without_an_id_is_named(tmp_path):
    (tmp_path / "wrong.py").write_text("x = 1\n")
    with pytest.raises(CannotRun, match=r'plugin "p": wrong\.py is no migration'):
        find_migrations("p", tmp_path, "tessera_test_wrong")


async def test_the_migrations_make_what_the_tables_say(db, plugin_host):
    from tessera.kernel.migrations.found import core_migrations
    from tessera.kernel.migrations.write import _difference, tables_in

    rooms = Path(execute.__code__.co_filename).parents[1]
    kept = [p.parent for p in rooms.rglob("tables*") if p.name in {"tables.py", "tables"}]
    named = sorted(".".join(("tessera", *room.relative_to(rooms).parts, "tables")) for room in kept)
    tables = [t for module in named for t in tables_in(module)]
    statements, _, _ = await _difference(core_migrations(), tables, keep_others=False)
    assert statements == []
    for plugin in plugin_host.plugins.values():
        if own_tables := tables_of(plugin.candidate):
            own = find_migrations(plugin.name, plugin.candidate.migrations_folder, plugin.candidate.package)
            statements, _, _ = await _difference(own, own_tables, keep_others=False)
            assert statements == [], plugin.name


async def test_every_foreign_key_says_what_happens_to_the_child(db):
    cascading = await fetch(
        "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint "
        "WHERE contype = 'f' AND confdeltype = 'c' ORDER BY 1, 2"
    )
    owned = {
        ("plugin_enabled", "plugin_state"),
    }
    assert {(r["child"], r["parent"]) for r in cascading} >= owned
    history = {"entry", "lot", "allocation", "event", "purchase", "message"}
    assert not [r["child"] for r in cascading if r["child"] in history]
