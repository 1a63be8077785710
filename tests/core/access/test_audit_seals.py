"""The audit is sealed in batches, and whoever changes it past Tessera is found out."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from core.access.waiting import all_older_are_done
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import audit
from tessera.access.actor import system_actor
from tessera.access.audit import nightly
from tessera.access.audit.seals import seal_waiting
from tessera.access.audit.verifying import verify
from tessera.kernel import dispatcher, long_jobs
from tessera.kernel.database import DB, execute, fetch, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.testing import empty_database

pytestmark = pytest.mark.usefixtures("db", "system")


async def noted(n: int, *, per_seal: int = 10) -> None:
    """``n`` rows, sealed so many at a time."""
    for place in range(n):
        await audit.note("settings.changed", fields=["messaging.mode"], number=place)
    await all_older_are_done()
    while await seal_waiting("test", per_seal):
        pass


async def tampered(sql: str, *args: Any) -> None:
    """What a superuser does who switches the triggers off."""
    connection = await DB.get_new_connection()
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(sql, *args)
    finally:
        await connection.close()


async def differences() -> list[str]:
    return [str(one) for one in (await verify()).differences]


async def row(place: int) -> Any:
    return (await fetch("SELECT id, seal FROM audit ORDER BY txid, id OFFSET $1 LIMIT 1", place))[0]


async def test_an_untouched_audit_has_no_differences():
    await noted(25)
    found = await verify()
    assert (found.rows, found.seals, found.unsealed, found.differences) == (25, 3, 0, [])


async def test_what_is_not_sealed_yet_is_counted():
    await noted(3)
    await audit.note("settings.changed")
    assert (await verify()).unsealed == 1


async def test_the_application_itself_can_neither_change_nor_delete_rows():
    await noted(1)
    with pytest.raises(asyncpg.RestrictViolationError):
        await execute("UPDATE audit SET action = 'x'")
    with pytest.raises(asyncpg.RestrictViolationError):
        await execute("DELETE FROM audit_seal")


@pytest.mark.parametrize(
    "change",
    [
        "action = 'settings.looked_at'",
        "at = at + interval '1 microsecond'",
        "actor_kind = 'staff'",
        "actor = gen_random_uuid()",
        "actor_label = 'Someone else'",
        "member = gen_random_uuid()",
        "subject_kind = 'staff'",
        "subject = gen_random_uuid()",
        "store = gen_random_uuid()",
        "fields = '[]'",
        "rows = 1",
        "facts = '{}'",
        "txid = '9'",
    ],
)
async def test_a_changed_row_is_named(change):
    await noted(12)
    victim = await row(4)
    await tampered(f"UPDATE audit SET {change} WHERE id = $1", victim["id"])
    assert await differences() == [f"seal 1: has a changed row {victim['id']}"]


async def test_a_deleted_row_is_named():
    await noted(12)
    victim = await row(11)
    await tampered("DELETE FROM audit WHERE id = $1", victim["id"])
    assert await differences() == [f"seal 2: lacks row {victim['id']}"]


async def test_a_row_that_was_put_among_sealed_ones_is_named():
    await noted(2)
    await tampered(
        "INSERT INTO audit (id, at, action, actor_kind, actor_label, fields, facts, seal) "
        "VALUES ('00000000-0000-7000-8000-000000000001', now(), 'a.b', 'system', '', '[]', '{}', 1)"
    )
    assert await differences() == ["seal 1: has a row that was not sealed with it 00000000-0000-7000-8000-000000000001"]


async def test_a_deleted_seal_is_named():
    await noted(30)
    await tampered("DELETE FROM audit_seal WHERE number = 2")
    assert await differences() == ["seal 2: is missing"]


async def test_the_last_seal_is_missed_when_its_rows_are_still_there():
    await noted(30)
    await tampered("DELETE FROM audit_seal WHERE number = 3")
    assert await differences() == ["seal 3: is missing, and rows name it"]


async def test_a_cut_tail_shows_in_the_mark_of_the_newest_seal():
    await noted(30)
    before = await verify()
    await tampered("DELETE FROM audit WHERE seal = 3")
    await tampered("DELETE FROM audit_seal WHERE number = 3")
    after = await verify()
    assert (before.last, before.mark) != (after.last, after.mark)


async def test_a_seal_that_was_made_without_the_keys_is_broken():
    await noted(20)
    await tampered("UPDATE audit_seal SET hash = sha256(leaves) WHERE number = 1")
    assert await differences() == [
        "seal 1: is broken: it was changed, or made with other keys",
        "seal 2: does not follow the seal before it",
    ]


async def test_rows_that_changed_places_are_named():
    await noted(20)
    first, second = await row(2), await row(15)
    await tampered("UPDATE audit SET seal = 3 - seal WHERE id = ANY($1)", [first["id"], second["id"]])
    assert await differences() == [
        f"seal 1: lacks row {first['id']}",
        f"seal 1: has a row that was not sealed with it {second['id']}",
        f"seal 2: lacks row {second['id']}",
        f"seal 2: has a row that was not sealed with it {first['id']}",
    ]


async def test_a_change_that_is_undone_leaves_no_difference():
    await noted(3)
    await tampered("UPDATE audit SET rows = 5")
    await tampered("UPDATE audit SET rows = NULL")
    assert await differences() == []


async def _one_story(rows: int, per_seal: int, victim: int) -> tuple[int, list[str], Any]:
    await empty_database()
    await noted(rows, per_seal=per_seal)
    chosen = await row(victim % rows)
    await tampered("UPDATE audit SET facts = facts || '{\"number\": -1}' WHERE id = $1", chosen["id"])
    return chosen["seal"], await differences(), chosen["id"]


@given(st.data())
async def test_whichever_row_is_changed_is_the_one_named(data):
    rows = data.draw(st.integers(1, 12))
    with system_actor():
        seal, said, id_ = await _one_story(rows, data.draw(st.integers(1, 5)), data.draw(st.integers(0, 100)))
    assert said == [f"seal {seal}: has a changed row {id_}"]


async def test_two_processes_at_once_make_no_two_seals_of_one_number():
    for _ in range(40):
        await audit.note("settings.changed")
    await all_older_are_done()
    await asyncio.gather(*(seal_waiting("same holder", 5) for _ in range(12)))
    numbers = [r["number"] for r in await fetch("SELECT number FROM audit_seal ORDER BY number")]
    assert numbers == list(range(1, 9))
    assert await differences() == []


async def test_another_holder_of_the_lease_seals_nothing():
    await audit.note("settings.changed")
    assert await dispatcher.number_events("one") == 0
    assert await seal_waiting("two") is None


async def test_rows_wait_for_older_transactions():
    await audit.note("settings.changed")
    await all_older_are_done()
    slow = await DB.get_new_connection()
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("SELECT pg_current_xact_id()")
    await audit.note("settings.changed", number=2)
    assert await seal_waiting("test") == 1
    await transaction.rollback()
    await slow.close()
    await all_older_are_done()
    assert await seal_waiting("test") == 1


async def test_rows_of_a_restored_backup_are_sealed_though_their_transactions_are_of_another_server():
    await audit.note("settings.changed")
    await all_older_are_done()
    await tampered("UPDATE audit SET txid = '9000000000'")
    assert await seal_waiting("test") == 1


async def test_the_dispatcher_seals_what_is_waiting():
    await audit.note("settings.changed")
    await all_older_are_done()
    await dispatcher.drain()
    assert await fetchval("SELECT count(*) FROM audit WHERE seal IS NULL") == 0


async def test_a_running_dispatcher_seals_beside_its_work():
    await audit.note("settings.changed")
    await all_older_are_done()
    due: dict[Any, float] = {}
    for _look in range(3):
        await dispatcher._do_beside("test", due)
    assert await fetchval("SELECT seal FROM audit") == 1
    assert due.keys() == {seal_waiting}


async def verified_at_night() -> Any:
    """The nightly job, and its report."""
    progress = uuid7()
    await execute(
        "INSERT INTO progress (id, kind, title, report, started_at) VALUES ($1, $2, '', '{}', now())",
        progress,
        nightly.JOB,
    )
    await nightly.verify_audit(progress)
    await dispatcher.drain()
    return await long_jobs.seen(progress)


async def test_a_night_in_which_all_is_well_opens_no_task(business):
    await noted(5)
    run = await verified_at_night()
    assert (run["state"], run["report"]["differences"], run["done"]) == ("done", 0, run["report"]["seals"])
    assert await fetchval("SELECT count(*) FROM task") == 0


async def test_what_the_night_finds_becomes_one_task_for_the_owner(business):
    await noted(5)
    victim = await row(1)
    await tampered("DELETE FROM audit WHERE id = $1", victim["id"])
    for _night in range(2):
        run = await verified_at_night()
    assert run["state"] == "failed"
    assert run["report"]["named"] == [f"seal {victim['seal']}: lacks row {victim['id']}"]
    (task,) = await fetch("SELECT role, title, times FROM task WHERE kind = 'audit_differs'")
    assert (task["role"], task["times"]) == ("owner", 2)
    assert task["title"]["en"] == "The audit differs from its seals in 1 places"


async def test_a_note_is_taken_back_with_its_unit_of_work():
    class Refused(Exception):
        pass

    async def work() -> None:
        await audit.note("settings.changed")
        raise Refused

    with pytest.raises(Refused):
        await in_transaction(work)
    assert await fetchval("SELECT count(*) FROM audit") == 0
