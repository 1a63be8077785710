"""A backup under load is one moment of the business, and comes back elsewhere with the exported keys or not at all."""

from __future__ import annotations

import asyncio
import os
import resource
import zipfile
from pathlib import Path

import asyncpg
import pytest

from tessera.access import sealing
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import backup as backups
from tessera.kernel import database, generation
from tessera.kernel.backup import back_up
from tessera.kernel.business import business as the_business
from tessera.kernel.business import set_business, set_setting
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.dispatcher import drain
from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys, export_keys, import_keys
from tessera.kernel.migrations import Found, core_migrations
from tessera.kernel.restoration import restore_backup
from tessera.members import service as members
from tessera.testing import TEST_KEYS

OTHER_KEYS = Keys(b"x" * 32, {1: b"y" * 64}, b"z" * 32)


def url_of(config: dict[str, object], name: str | None = None) -> str:
    return f"postgresql://{config['user']}@/{name or config['database']}?host={config['host']}&port={config['port']}"


@pytest.fixture
async def gym(own_database):
    """A business with a store and a member, in a database of its own; answers the database's address."""
    await set_business("Harbour Gym", "CNY", "Asia/Shanghai", "en")
    await access.add_store("main", name="Main street")
    await add_member(0)
    return url_of(own_database)


async def add_member(number: int) -> None:
    main = access.store_by_code("main").id
    with system_actor():
        await members.create_member(members.NewMember(name=f"Ana {number}", phone=f"138{number:08d}", store=main))


@pytest.fixture
async def elsewhere(own_database):
    """An empty database on the same server, as another instance's; answers its address."""
    name = f"elsewhere_{os.getpid()}"
    server = await asyncpg.connect(**{**own_database, "database": "postgres"})
    for each in (name, f"{name}_restoring"):
        await server.execute(f"DROP DATABASE IF EXISTS {each} WITH (FORCE)")
    await server.execute(f"CREATE DATABASE {name}")
    yield url_of(own_database, name)
    await database.disconnect()
    for row in await server.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", name):
        await server.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
    await server.close()


async def restore(path: Path, url: str, scratch: Path, keys: Keys = TEST_KEYS, **options):
    return await restore_backup(path, url, keys, [core_migrations()], scratch=scratch, **options)


async def switch_to(url: str) -> None:
    await database.disconnect()
    await database.connect({"dsn": url})
    await generation.reread()


async def keep_adding(stop: asyncio.Event, writer: int) -> int:
    added = 0
    while not stop.is_set():
        added += 1
        await add_member(writer * 100_000 + added)
        if added % 5 == 0:
            await drain(f"writer {writer}")
    return added


async def test_a_backup_under_load_restores_with_the_exported_keys_and_everything_verifies(gym, elsewhere, tmp_path):
    stop = asyncio.Event()
    writers = [asyncio.create_task(keep_adding(stop, n)) for n in range(1, 5)]
    await asyncio.sleep(0.3)
    manifest = await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    stop.set()
    assert sum(await asyncio.gather(*writers)) > 0

    brought = import_keys(export_keys(TEST_KEYS, "correct horse"), "correct horse")
    await restore(tmp_path / "b.tessera", elsewhere, tmp_path, keys=brought)
    await switch_to(elsewhere)
    sealing.use_keys(brought)
    await drain()
    numbered = await fetchval("SELECT array_agg(position ORDER BY position) FROM event")
    assert numbered == list(range(1, len(numbered) + 1))
    told = await fetchval("SELECT count(*) FROM event WHERE kind = 'member.created'")
    assert told == manifest.counts["public.member"] == await fetchval("SELECT count(*) FROM member")
    sealed = [sealing.unseal_text(r["sealed"]) for r in await fetch("SELECT sealed FROM identity")]
    assert all(value.startswith("+86138") for value in sealed)


async def test_events_that_waited_for_their_place_get_it_on_a_server_that_counts_its_own_transactions(
    gym, elsewhere, tmp_path
):
    await drain()
    before = await fetchval("SELECT max(position) FROM event")
    await add_member(7)
    await execute("UPDATE event SET txid = '9000000000000000000' WHERE position IS NULL")
    waiting = await fetchval("SELECT count(*) FROM event WHERE position IS NULL")
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    await switch_to(elsewhere)
    assert await fetchval("SELECT max(position) FROM event") == before + waiting


async def test_a_restored_business_is_the_one_that_was_backed_up(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    await switch_to(elsewhere)
    assert the_business().name == "Harbour Gym"


async def test_a_restore_leaves_no_dump_and_no_second_database_behind(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    name = f"elsewhere_{os.getpid()}"
    rows = await fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", name)
    assert ([r["datname"] for r in rows], [p.name for p in tmp_path.iterdir()]) == ([name], ["b.tessera"])


async def test_a_backup_holds_no_keys(gym, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    content = (tmp_path / "b.tessera").read_bytes()
    assert not [k for k in (TEST_KEYS.index_key, TEST_KEYS.data_keys[1], TEST_KEYS.cookie_secret) if k in content]


async def test_only_its_owner_can_read_a_backup(gym, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    assert (tmp_path / "b.tessera").stat().st_mode & 0o777 == 0o600


async def test_other_keys_are_refused(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    with pytest.raises(CannotRun, match=r'"Harbour Gym" was made with other keys .* `tessera key import FILE`'):
        await restore(tmp_path / "b.tessera", elsewhere, tmp_path, keys=OTHER_KEYS)


async def test_keys_that_were_rotated_since_fit(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    rotated = Keys(TEST_KEYS.index_key, {**TEST_KEYS.data_keys, 2: b"n" * 64}, b"z" * 32)
    assert (await restore(tmp_path / "b.tessera", elsewhere, tmp_path, keys=rotated)).kept is None


async def test_a_database_with_members_is_not_replaced_unasked(gym, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    with pytest.raises(CannotRun, match=r'holds the members of "Harbour Gym": .*--replace'):
        await restore(tmp_path / "b.tessera", gym, tmp_path)


async def test_a_replaced_database_is_kept(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    restored = await restore(tmp_path / "b.tessera", elsewhere, tmp_path, replace=True)
    assert await fetchval("SELECT 1 FROM pg_database WHERE datname = $1", restored.kept) == 1


async def test_a_database_in_use_is_not_replaced(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    other = await asyncpg.connect(elsewhere)
    with pytest.raises(CannotRun, match=r'using the database "elsewhere_[0-9]+": stop `tessera run`'):
        await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    await other.close()


async def test_a_backup_of_newer_code_is_refused(gym, elsewhere, tmp_path):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    older = Found("core", Path(), core_migrations().migrations[:-1])
    with pytest.raises(CannotRun, match=r"newer version of Tessera than this one \(it has migration 2"):
        await restore_backup(tmp_path / "b.tessera", elsewhere, TEST_KEYS, [older], scratch=tmp_path)


async def test_a_failed_restore_leaves_what_was_there(gym, elsewhere, tmp_path):
    async def fail(_: object) -> None:
        raise CannotRun("interrupted")

    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    with pytest.raises(CannotRun, match="interrupted"):
        await restore(tmp_path / "b.tessera", elsewhere, tmp_path, prepare=fail)
    connection = await asyncpg.connect(elsewhere)
    there = await connection.fetchval("SELECT to_regclass('public.business')")
    await connection.close()
    assert there is None


async def test_what_a_killed_restore_left_is_cleared_away(gym, elsewhere, tmp_path):
    left = tmp_path / ".restoring-1.dump"
    left.write_bytes(b"half a dump")
    await execute(f"CREATE DATABASE elsewhere_{os.getpid()}_restoring")
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    restored = await restore(tmp_path / "b.tessera", elsewhere, tmp_path)
    assert (restored.kept, left.exists()) == (None, False)


async def test_a_changed_backup_is_refused(gym, elsewhere, tmp_path):
    await set_setting("colour", "vermilion")
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    _exchange_dump(tmp_path / "b.tessera")
    with pytest.raises(CannotRun, match=r"b\.tessera is damaged"):
        await restore(tmp_path / "b.tessera", elsewhere, tmp_path)


@pytest.mark.parametrize("keep", [0, 100, 5000])
async def test_a_cut_off_backup_is_refused(gym, elsewhere, tmp_path, keep):
    await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    (tmp_path / "c.tessera").write_bytes((tmp_path / "b.tessera").read_bytes()[:keep])
    with pytest.raises(CannotRun, match=r"c\.tessera is damaged or no backup of Tessera"):
        await restore(tmp_path / "c.tessera", elsewhere, tmp_path)


async def test_an_existing_file_is_not_overwritten(gym, tmp_path):
    (tmp_path / "b.tessera").write_bytes(b"precious")
    with pytest.raises(CannotRun, match=r"b\.tessera is there already"):
        await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)


async def test_a_disk_that_fills_up_leaves_no_half_backup(gym, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(CannotRun, match=r"b\.tessera cannot be written \(File too large\): free some space"):
            await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


async def test_a_server_newer_than_our_tools_is_refused(gym, tmp_path, monkeypatch):
    monkeypatch.setattr(backups, "MAJOR", 12)
    with pytest.raises(CannotRun, match=r"the server is PostgreSQL 18 and this pg_dump is of PostgreSQL 12"):
        await back_up(tmp_path / "b.tessera", gym, TEST_KEYS)


async def test_an_unreachable_server_is_one_sentence(tmp_path):
    with pytest.raises(CannotRun, match=r"cannot be opened \(.*\): start it"):
        await back_up(tmp_path / "b.tessera", "postgresql://nobody@127.0.0.1:1/none", TEST_KEYS)


def _exchange_dump(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        manifest, dump = file.read(backups.MANIFEST), file.read(backups.DUMP)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(backups.DUMP, dump[:-1] + b"\x00\x01")
        file.writestr(backups.MANIFEST, manifest)
