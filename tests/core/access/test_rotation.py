"""Data keys change while everyone works, and no value is lost on the way."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tessera.access import sealing
from tessera.access.service import retiring, rotation
from tessera.access.service import seals_in_json as in_json
from tessera.access.service.rotation import SealedColumn, count_by_version, count_old, reseal, reseal_batch
from tessera.kernel import doctor, long_jobs
from tessera.kernel.business import set_setting
from tessera.kernel.database import DB, execute, fetch, fetchval
from tessera.kernel.doctor import EXPORTED, EXPORTED_NEWEST
from tessera.kernel.errors import CannotRun
from tessera.kernel.files import load_file, store_file
from tessera.kernel.ids import uuid7
from tessera.kernel.keys import Keys, add_data_key, drop_data_keys, new_keys, read_keys, write_keys
from tessera.members import service as members
from tessera.members.service import Changes
from tessera.testing import TEST_KEYS

pytestmark = pytest.mark.usefixtures("store", "system")

NO_SEALS = {
    "api_key.key_hash": "a hash",
    "audit_seal.hash": "a hash",
    "audit_seal.leaves": "hashes",
    "audit_seal.previous": "a hash",
    "idempotency.request_hash": "a hash",
    "idempotency.rights_hash": "a hash",
    "session.token_hash": "a hash",
    "device.token_hash": "a hash",
    "staff_invitation.token_hash": "a hash",
    "lookup_mask.mask": "a keyed hash",
    "brought_entitlement.fingerprint": "a hash",
    "brought_entitlement.contents": "a hash",
    "sign_in_attempt.key": "a keyed hash",
    "identity.lookup": "a keyed hash",
    "contact.lookup": "a keyed hash",
    "member_note.lookup": "a keyed hash",
    "member_custom.lookup": "a keyed hash",
    "import_batch.sha256": "a hash",
    "import_upload.sha256": "a hash",
    "import_upload.signature": "a keyed hash",
    "import_mapping.signature": "a keyed hash",
    "stored_file.sha256": "a hash",
    "purchase.fingerprint": "a hash",
    "purchase_return.fingerprint": "a hash",
    "saq_jobs.job": "what the queue has to do, by ids",
}
"""Columns of bytes that hold no seals, each with what it holds."""


@pytest.fixture
def key_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "keys.json"
    write_keys(path, TEST_KEYS)
    sealing.use_keys(TEST_KEYS, path)
    yield path
    sealing.use_keys(TEST_KEYS)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every use of the keys looks at their file, and nobody waits before an old one is dropped."""
    monkeypatch.setattr(sealing, "LOOK", -1.0)
    monkeypatch.setattr(retiring, "NOTICED", retiring.NOTICED * 0)


async def run() -> dict[str, Any]:
    """The job, and its report."""
    progress = uuid7()
    await execute(
        "INSERT INTO progress (id, kind, title, report, started_at) VALUES ($1, $2, '', '{}', now())",
        progress,
        rotation.JOB,
    )
    await reseal(progress)
    report: dict[str, Any] = (await long_jobs.seen(progress))["report"]
    return report


def test_every_column_of_bytes_is_known_to_hold_seals_or_not(columns_of_bytes: set[str]):
    known = {f"{c.table}.{c.column}" for c in rotation.sealed_columns() if c.shape == "bytes" and '"' not in c.table}
    assert columns_of_bytes - known - NO_SEALS.keys() == set()
    assert known & NO_SEALS.keys() == set()


@pytest.fixture
async def columns_of_bytes(store: UUID) -> set[str]:
    rows = await fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'bytea'"
    )
    return {row["name"] for row in rows}


def test_a_new_key_stands_beside_the_old_ones_in_a_private_file(key_file):
    keys = add_data_key(key_file)
    assert sorted(keys.data_keys) == [1, 2]
    assert read_keys(key_file) == keys
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert keys.index_key == TEST_KEYS.index_key


def test_the_newest_key_cannot_be_dropped(key_file):
    add_data_key(key_file)
    with pytest.raises(CannotRun, match="data key 2 seals what is written now: it cannot be dropped"):
        drop_data_keys(key_file, [2])


ADD = "import sys, pathlib; from tessera.kernel.keys import add_data_key; add_data_key(pathlib.Path(sys.argv[1]))"


async def test_processes_that_add_a_key_at_once_each_add_one(key_file):
    running = [await asyncio.create_subprocess_exec(sys.executable, "-c", ADD, str(key_file)) for _ in range(4)]
    assert [await one.wait() for one in running] == [0, 0, 0, 0]
    assert sorted(read_keys(key_file).data_keys) == [1, 2, 3, 4, 5]


def test_a_running_process_seals_with_the_new_key_after_a_moment(key_file, at_once):
    add_data_key(key_file)
    assert sealing.version_of(sealing.seal("a")) == 2


def test_a_seal_under_an_unknown_key_has_the_file_read_once_more(key_file):
    fresh = add_data_key(key_file)
    sealing.use_keys(fresh)
    sealed = sealing.seal("found")
    sealing.use_keys(TEST_KEYS, key_file)
    sealing._in_use.seen = None  # as a process that has read the file before the new key came
    assert sealing.unseal_text(sealed) == "found"


def test_a_seal_under_a_key_that_the_file_does_not_hold_is_refused(key_file):
    sealing.use_keys(msgspec.structs.replace(TEST_KEYS, data_keys={7: b"x" * 64}))
    sealed = sealing.seal("lost")
    sealing.use_keys(TEST_KEYS, key_file)
    with pytest.raises(CannotRun, match="sealed with data key 7, which the key file does not hold"):
        sealing.unseal(sealed)


def test_the_keys_of_another_instance_are_not_taken_while_running(key_file, at_once):
    write_keys(key_file, new_keys(), replace=True)
    assert sealing.keys() == TEST_KEYS


async def everything(member: Callable[..., Any]) -> tuple[UUID, UUID]:
    """A member with values in several tables, and a sealed file."""
    ana = await member("Ana", phone="13800138000", address="Quay 1", note="likes tea", identities=[("card", "C1")])
    file = await store_file(b"a picture", name="a.png", media_type="image/png", seal=sealing)
    return ana, file


async def test_everything_is_sealed_anew_and_reads_as_before(key_file, at_once, member):
    ana, file = await everything(member)
    add_data_key(key_file)
    report = await run()
    assert await count_by_version() == {2: 5}
    assert (report["resealed"], report["left"], report["retireable"]) == (5, 0, [1])
    seen = await members.member(ana)
    assert (seen.phone, seen.address) == ("+8613800138000", "Quay 1")
    assert [note.text for note in await members.notes_of(ana)] == ["likes tea"]
    assert (await load_file(file, sealing)).content == b"a picture"


async def test_members_are_found_by_their_identities_after_a_rotation(key_file, at_once, member):
    ana, _file = await everything(member)
    add_data_key(key_file)
    await run()
    assert await members.find_by_identity("phone:13800138000") == ana


async def test_a_run_that_broke_off_goes_on_where_it_was(key_file, at_once, member):
    for n in range(5):
        await member(f"M{n}", phone=f"1380013800{n}")
    add_data_key(key_file)
    column = SealedColumn("identity", "sealed", batch=2)
    first = await reseal_batch(column)
    assert (first.changed, await count_old()) == (2, 3)
    assert (await run())["resealed"] == 3


async def test_a_value_changed_meanwhile_is_not_overwritten(key_file, at_once, member, monkeypatch):
    ana, _file = await everything(member)
    add_data_key(key_file)
    column = SealedColumn("member", "address")
    read = rotation._anew

    def overtaken(column: SealedColumn, stored: Any) -> Any:
        overtaken_by.append(sealing.seal("Quay 2"))
        return read(column, stored)

    overtaken_by: list[bytes] = []
    writing = rotation._write

    async def late(column: SealedColumn, fresh: Any) -> int:
        await execute("UPDATE member SET address = $2 WHERE id = $1", ana, overtaken_by[0])
        return await writing(column, fresh)

    monkeypatch.setattr(rotation, "_anew", overtaken)
    monkeypatch.setattr(rotation, "_write", late)
    assert (await reseal_batch(column)).changed == 0
    assert (await members.member(ana)).address == "Quay 2"


async def test_changes_that_go_on_beside_the_job_are_all_kept(key_file, at_once, member):
    people = [await member(f"M{n}", address=f"Street {n}") for n in range(12)]
    add_data_key(key_file)

    async def move(id_: UUID, n: int) -> None:
        version = 1
        for street in ("Old", "New"):
            await members.change_member(id_, version, Changes(address=f"{street} {n}"))
            version += 1

    await asyncio.gather(run(), *(move(id_, n) for n, id_ in enumerate(people)))
    addresses = [(await members.member(id_)).address for id_ in people]
    assert addresses == [f"New {n}" for n in range(12)]
    assert await count_old() == 0


async def test_a_seal_that_does_not_open_is_counted_and_left(key_file, at_once, member):
    ana, _file = await everything(member)
    await execute("UPDATE member SET address = $2 WHERE id = $1", ana, b"\x00\x01" + b"z" * 20)
    add_data_key(key_file)
    report = await run()
    assert (report["unreadable"], report["left"], report["retireable"]) == (1, 1, [])


async def test_text_of_before_is_sealed_in_its_column(key_file, at_once):
    await execute("CREATE TABLE remark (id uuid PRIMARY KEY, said text)")
    column = SealedColumn("remark", "said", shape="text")
    try:
        await execute(
            "INSERT INTO remark VALUES ($1, 'plain'), ($2, $3)", uuid7(), uuid7(), sealing.seal_in_text("hid")
        )
        add_data_key(key_file)
        assert (await reseal_batch(column)).changed == 2
        stored = [row["said"] for row in await fetch("SELECT said FROM remark ORDER BY id")]
        assert all(text.startswith("sealed:2:") for text in stored)
        assert [sealing.unseal_in_text(text) for text in stored] == ["plain", "hid"]
    finally:
        await execute("DROP TABLE remark")


@pytest.mark.parametrize("version", [1, 2, 15, 16, 63, 64, 700, 1023, 1024, 65535])
async def test_a_seal_within_json_is_found_by_its_version(version):
    sealed = base64.b64encode(version.to_bytes(2, "big") + bytes(16)).decode()
    kept = msgspec.json.encode({"a": sealed}).decode()
    others = [v for v in (1, 2, 3, 4, 17, 256, 1025) if v != version]
    found = await fetchval(
        f"SELECT {in_json.holds('$1::jsonb', [version])}", msgspec.json.encode({"a": sealed}).decode()
    )
    other = await fetchval(f"SELECT {in_json.holds('$1::jsonb', others)}", kept)
    assert (found, other) == (True, False)


async def test_what_an_import_keeps_to_give_back_is_sealed_anew_too(key_file, at_once):
    batch, column = uuid7(), SealedColumn("kept", "before", ("batch", "line"), ("uuid", "bigint"), shape="json")
    await execute("CREATE TABLE kept (batch uuid, line bigint, before jsonb, PRIMARY KEY (batch, line))")
    try:
        before = {
            "columns": {"address": base64.b64encode(sealing.seal("Quay 1")).decode(), "name": "Ana", "n": 3},
            "said": [sealing.seal_in_text("in the shed")],
        }
        await execute("INSERT INTO kept VALUES ($1, 1, $2), ($1, 2, $3)", batch, before, {"name": "AAEA" * 9 + " "})
        add_data_key(key_file)
        first = await reseal_batch(column)
        assert (first.changed, first.unreadable, (await reseal_batch(column)).last) == (1, 0, None)
        fresh = await fetchval("SELECT before FROM kept WHERE line = 1")
        sealed = base64.b64decode(fresh["columns"]["address"])
        assert (sealing.version_of(sealed), sealing.unseal_text(sealed)) == (2, "Quay 1")
        assert sealing.unseal_in_text(fresh["said"][0]) == "in the shed"
        assert (fresh["columns"]["name"], fresh["columns"]["n"]) == ("Ana", 3)
    finally:
        await execute("DROP TABLE kept")


async def exported(keys: Keys) -> None:
    await set_setting(EXPORTED, keys.fingerprint())
    await set_setting(EXPORTED_NEWEST, keys.newest_fingerprint())


async def test_an_old_key_is_dropped_when_nothing_is_left_under_it(key_file, at_once, member):
    ana, _file = await everything(member)
    await exported(add_data_key(key_file))
    await run()
    assert await retiring.retire_keys(key_file) == [1]
    assert sorted(read_keys(key_file).data_keys) == [2]
    assert (await members.member(ana)).phone == "+8613800138000"


async def test_an_old_key_stays_while_a_value_is_sealed_under_it(key_file, at_once, member):
    await everything(member)
    await exported(add_data_key(key_file))
    with pytest.raises(CannotRun, match="values are still sealed before: 5 under data key 1"):
        await retiring.retire_keys(key_file)


async def test_an_old_key_stays_until_all_keys_were_exported(key_file, at_once):
    add_data_key(key_file)
    with pytest.raises(CannotRun, match="run `tessera key export FILE` first"):
        await retiring.retire_keys(key_file)


async def test_an_old_key_stays_while_processes_may_not_know_the_new_one(key_file):
    await exported(add_data_key(key_file))
    with pytest.raises(CannotRun, match="the newest key is younger than 30 s"):
        await retiring.retire_keys(key_file)


async def test_an_old_key_stays_while_a_transaction_from_before_is_running(key_file, at_once):
    slow = await DB.get_new_connection()
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("SELECT pg_current_xact_id()")
    await exported(add_data_key(key_file))
    os.utime(key_file)
    with pytest.raises(CannotRun, match="a transaction from before the newest key is still running"):
        await retiring.retire_keys(key_file)
    await transaction.rollback()
    await slow.close()
    assert await retiring.retire_keys(key_file) == [1]


async def test_the_only_key_is_not_dropped(key_file, at_once):
    with pytest.raises(CannotRun, match="there is one data key, 1"):
        await retiring.retire_keys(key_file)


async def test_the_doctor_says_that_the_newest_key_was_never_exported(key_file):
    await exported(TEST_KEYS)
    (finding,) = doctor._exported(SimpleNamespace(keys=add_data_key(key_file)))
    assert finding.level == "advice"
    assert "data key 2, which seals now, was never exported" in finding.said


async def test_the_doctor_is_content_when_the_old_key_was_dropped_after_the_export(key_file, at_once):
    await exported(add_data_key(key_file))
    await retiring.retire_keys(key_file)
    (finding,) = doctor._exported(SimpleNamespace(keys=read_keys(key_file)))
    assert finding.level == "ok"


async def test_a_rotation_is_audited(key_file):
    assert await retiring.rotate_key(key_file) == 2
    assert await fetchval("SELECT facts->>'version' FROM audit WHERE action = 'keys.rotated'") == "2"
