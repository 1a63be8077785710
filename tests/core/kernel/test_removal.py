"""A plugin that goes takes all that is its own with it, leaves the history readable, and comes back to the byte."""

from __future__ import annotations

import csv
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.kernel import clock
from tessera.kernel.business import set_setting, setting
from tessera.kernel.database import connection, execute, fetch, fetchval, in_transaction
from tessera.kernel.dispatcher import drain
from tessera.kernel.errors import CannotRun
from tessera.kernel.events import emit
from tessera.kernel.files import load_file, store_file
from tessera.kernel.ids import uuid7
from tessera.kernel.migrations import find_migrations, pending
from tessera.kernel.plugins import host, use_host
from tessera.kernel.plugins.removal import PluginHasBalance, PluginRequired, remove
from tessera.kernel.plugins.restoring import PluginInUse, restore
from tessera.kernel.plugins.state import PluginUnknown, change_plugin_settings, disable, enable, plugin_settings
from tessera_hooks import Manifest

AWKWARD = ["", None, 'a "quoted", one', "two\nlines\r\n", "\\N", "\\.", "混浴 🧖", " blanks "]


async def heat(store: UUID, note: str | None = "calm", after: UUID | None = None) -> UUID:
    session = uuid7()
    await execute(
        "INSERT INTO sauna.session (id, store, after, degrees, note, facts, picture, at) "
        "VALUES ($1, $2, $3, 84.25, $4, $5::jsonb, $6, $7)",
        session,
        store,
        after,
        note,
        '{"wood": "birch", "logs": [1, 2, null]}',
        bytes(range(256)),
        datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC),
    )
    await execute("INSERT INTO sauna.towel (session, size) VALUES ($1, 'large')", session)
    return session


@pytest.fixture
async def main_street(with_sauna):
    return (await access.add_store("main", name="Main street")).id


@pytest.fixture
async def heated(main_street):
    """A sauna with sessions, settings, a file and an event."""
    first = await heat(main_street)
    for note in AWKWARD:
        await heat(main_street, note, after=first)
    await change_plugin_settings("sauna", {"hottest": 95})
    await store_file(b"\x00plan\xff", name="plan.pdf", media_type="application/pdf", plugin="sauna")
    await in_transaction(lambda: emit("sauna.heated", store=main_street, degrees=84))
    return main_street


async def contents(schema: str, table: str) -> bytes:
    read = bytearray()
    async with connection() as db:
        await db.copy_from_query(f"SELECT * FROM {schema}.{table} t ORDER BY t", output=Sink(read))
    return bytes(read)


class Sink:
    def __init__(self, into: bytearray) -> None:
        self.into = into

    def write(self, piece: bytes) -> int:
        self.into += piece
        return len(piece)


async def mentions(plugin: str) -> set[str]:
    """The core's tables with a row that names the plugin as its own."""
    tables = await fetch(
        "SELECT table_name AS t FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'plugin' ORDER BY 1"
    )
    return {r["t"] for r in tables if await fetchval(f'SELECT 1 FROM "{r["t"]}" WHERE plugin = $1', plugin)}


async def test_only_history_is_left_of_a_removed_plugin(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    assert await mentions("sauna") == {"event", "event_label"}


async def test_a_removed_plugin_has_no_schema(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    assert await fetchval("SELECT to_regnamespace('sauna')") is None


async def test_the_history_of_a_removed_plugin_keeps_its_last_labels(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    label = await fetchval(
        "SELECT l.title FROM event e JOIN event_label l ON l.kind = e.kind WHERE e.kind = 'sauna.heated'"
    )
    assert label["en"] == "Sauna heated"


async def test_a_removed_plugin_is_not_enabled_and_its_schema_stays_away_at_the_next_start(heated, tmp_path):
    found = _sauna_migrations()
    await remove("sauna", tmp_path / "s.zip")
    assert (host().enabled("sauna"), await pending([found])) == (False, [])


async def test_enabling_a_removed_plugin_makes_its_tables_anew(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    await enable("sauna")
    assert await fetchval("SELECT count(*) FROM sauna.session") == 0


async def test_a_restored_plugin_holds_the_same_bytes(heated, tmp_path):
    before = [await contents("sauna", "session"), await contents("sauna", "towel")]
    await remove("sauna", tmp_path / "s.zip")
    await restore(tmp_path / "s.zip")
    assert [await contents("sauna", "session"), await contents("sauna", "towel")] == before


async def test_settings_files_and_where_it_was_enabled_come_back(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    await restore(tmp_path / "s.zip")
    file = await fetchval("SELECT id FROM stored_file WHERE plugin = 'sauna'")
    assert (plugin_settings("sauna").hottest, host().enabled("sauna"), (await load_file(file)).content) == (
        95,
        True,
        b"\x00plan\xff",
    )


async def test_a_plugin_is_removed_when_its_code_has_gone_and_restored_when_it_is_back(
    heated, with_sauna, plugin_host, tmp_path
):
    before = await contents("sauna", "session")
    use_host(plugin_host)
    await remove("sauna", tmp_path / "s.zip")
    use_host(with_sauna)
    await restore(tmp_path / "s.zip")
    assert await contents("sauna", "session") == before


async def test_numbers_go_on_after_those_that_were_restored(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    await restore(tmp_path / "s.zip")
    await heat(heated)
    assert await fetchval("SELECT max(number) FROM sauna.towel") == len(AWKWARD) + 2


async def test_an_export_of_an_older_schema_is_migrated_on(main_street, tmp_path):
    found = _sauna_migrations()
    await execute("ALTER TABLE sauna.session DROP COLUMN minutes")
    await execute("DELETE FROM migration WHERE plugin = 'sauna' AND id = $1", found.migrations[-1].id)
    await heat(main_street)
    await remove("sauna", tmp_path / "s.zip")
    await restore(tmp_path / "s.zip")
    assert await fetchval("SELECT minutes FROM sauna.session") == 15


async def test_rows_of_a_store_that_has_gone_are_left_out_and_written_beside(heated, tmp_path):
    other = (await access.add_store("other", name="Other street")).id
    await heat(other, "gone")
    await remove("sauna", tmp_path / "s.zip")
    await execute("DELETE FROM store WHERE id = $1", other)
    restored = await restore(tmp_path / "s.zip")
    with restored.rejects.open(encoding="utf-8") as file:
        reasons = [(row["table"], row["reason"]) for row in csv.DictReader(file)]
    assert reasons == [
        ("session", "store is no store that is there now"),
        ("towel", "session is no session that is there now"),
    ]


async def test_a_reaction_does_nothing_twice_and_catches_up_only_if_it_asks_for_history(heated, tmp_path):
    await drain()
    await remove("sauna", tmp_path / "s.zip")
    await in_transaction(lambda: emit("sauna.heated", store=heated, degrees=85))
    await drain()
    await restore(tmp_path / "s.zip")
    await drain()
    rows = await fetch("SELECT DISTINCT minutes, degrees FROM sauna.session")
    assert [(r["minutes"], float(r["degrees"])) for r in rows] == [(17, 83.25)]


async def test_rights_given_in_the_plugins_name_go_and_come_back(heated, tmp_path):
    await execute(
        "INSERT INTO role (code, title, permissions, created_at) VALUES ('host', 'Host', $1::jsonb, $2)",
        '["members.read", "sauna.heat"]',
        clock.now(),
    )
    await remove("sauna", tmp_path / "s.zip")
    without = await fetchval("SELECT permissions FROM role WHERE code = 'host'")
    await restore(tmp_path / "s.zip")
    again = await fetchval("SELECT permissions FROM role WHERE code = 'host'")
    assert (without, again) == (["members.read"], ["members.read", "sauna.heat"])


async def test_a_plugin_that_another_enabled_one_requires_stays(heated, tmp_path, monkeypatch):
    steam = host().plugins["sauna"]
    other = type(steam)(Manifest("steam", "Steam", requires=("sauna",)), steam.module, steam.candidate)
    monkeypatch.setitem(host().plugins, "steam", other)
    monkeypatch.setitem(host().where, "steam", None)
    with pytest.raises(PluginRequired, match='"steam" is enabled and requires "sauna"'):
        await remove("sauna", tmp_path / "s.zip")


async def test_a_plugin_whose_units_have_a_balance_stays(heated, tmp_path):
    await execute("ALTER TABLE balance DISABLE TRIGGER ALL")  # nobody's account is enough here
    await execute(
        "INSERT INTO balance (id, account, unit, balance, debt, seq) VALUES ($1, $2, 'sauna.visit', 3, 0, 1)",
        uuid7(),
        uuid7(),
    )
    with pytest.raises(PluginHasBalance, match=r"1 balances .*sauna\.visit"):
        await remove("sauna", tmp_path / "s.zip")


async def test_what_cannot_be_exported_is_not_removed(heated, tmp_path):
    (tmp_path / "s.zip").write_bytes(b"taken")
    with pytest.raises(CannotRun, match=r"s\.zip is there already"):
        await remove("sauna", tmp_path / "s.zip")
    assert await fetchval("SELECT count(*) FROM sauna.session") == len(AWKWARD) + 1


async def test_an_export_into_a_missing_folder_is_one_sentence(heated, tmp_path):
    with pytest.raises(CannotRun, match=r"none/s\.zip cannot be written \(No such file or directory\)"):
        await remove("sauna", tmp_path / "none" / "s.zip")


async def test_an_unknown_plugin_cannot_be_removed(with_sauna, tmp_path):
    with pytest.raises(PluginUnknown, match='no plugin "steam"'):
        await remove("steam", tmp_path / "s.zip")


async def test_a_plugin_is_removed_once(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    with pytest.raises(PluginUnknown, match='"sauna" was removed on'):
        await remove("sauna", tmp_path / "t.zip")


async def test_a_plugin_with_records_is_not_restored_over(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    await restore(tmp_path / "s.zip")
    with pytest.raises(PluginInUse, match='"sauna" has records here already'):
        await restore(tmp_path / "s.zip")


async def test_a_plugin_that_is_not_installed_is_not_restored(heated, plugin_host, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    use_host(plugin_host)
    with pytest.raises(CannotRun, match='"sauna", which is not installed: install it first'):
        await restore(tmp_path / "s.zip")


async def test_a_damaged_export_is_refused_before_anything_is_done(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    _change(tmp_path / "s.zip", "tables/session.csv", b"birch", b"beech")
    with pytest.raises(CannotRun, match=r"s\.zip is damaged"):
        await restore(tmp_path / "s.zip")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half a zip"])
async def test_what_is_no_export_is_refused(with_sauna, tmp_path, content):
    (tmp_path / "s.zip").write_bytes(content)
    with pytest.raises(CannotRun, match=r"is damaged or no export of a plugin"):
        await restore(tmp_path / "s.zip")


async def test_an_export_of_a_newer_plugin_is_refused(heated, tmp_path, monkeypatch):
    await execute("INSERT INTO migration (plugin, id, ran_at) VALUES ('sauna', '2999-01-01', $1)", clock.now())
    await remove("sauna", tmp_path / "s.zip")
    with pytest.raises(CannotRun, match=r'newer version of "sauna" \(1\.0, migration 2999-01-01\)'):
        await restore(tmp_path / "s.zip")


async def test_what_was_set_meanwhile_is_kept(heated, tmp_path):
    await remove("sauna", tmp_path / "s.zip")
    await set_setting("sauna.settings", {"hottest": 70}, plugin="sauna")
    await restore(tmp_path / "s.zip")
    assert setting("sauna.settings") == {"hottest": 70}


async def test_a_disabled_plugin_keeps_everything(heated):
    await disable("sauna")
    assert await fetchval("SELECT count(*) FROM sauna.session") == len(AWKWARD) + 1


def _sauna_migrations():
    sauna = host().plugins["sauna"].candidate
    return find_migrations("sauna", sauna.migrations_folder, sauna.package)


def _change(path: Path, member: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    assert old in parts[member]
    parts[member] = parts[member].replace(old, new)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
