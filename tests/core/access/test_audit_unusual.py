"""What is unusual raises an alarm once: for actor, kind and day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import audit
from tessera.access.actor import Actor, acting_as
from tessera.access.audit import unusual
from tessera.kernel import clock, dispatcher
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7

pytestmark = pytest.mark.usefixtures("business")


@pytest.fixture
def lin() -> Actor:
    return Actor("staff", "Lin", staff_id=uuid7())


@pytest.fixture
def till() -> Actor:
    return Actor("key", "Till", key_id=uuid7())


async def alarms() -> list[tuple[str, str, int]]:
    rows = await fetch("SELECT actor_label, kind, amount FROM audit_alarm ORDER BY id")
    return [(row["actor_label"], row["kind"], row["amount"]) for row in rows]


async def done(someone: Actor, action: str, times: int = 1, rows: int | None = None) -> None:
    with acting_as(someone):
        for _ in range(times):
            await audit.note(action, rows=rows)


async def test_ten_thousand_exported_rows_alarm_at_once(lin):
    await done(lin, "records.exported", rows=10_000)
    assert await alarms() == [("Lin", "exported", 10_000)]


async def test_exports_that_are_small_alone_are_added_up(lin):
    await done(lin, "records.exported", times=3, rows=2000)
    assert await alarms() == [("Lin", "exported", 6000)]


async def test_three_hundred_reveals_one_by_one_alarm_once(lin):
    await done(lin, "members.revealed", times=300)
    await unusual.look()
    assert await alarms() == [("Lin", "revealed", 201)]


async def test_a_days_usual_work_alarms_nobody(lin):
    await done(lin, "members.revealed", times=60)
    await done(lin, "members.looked_up", times=150)
    await done(lin, "members.lookup_missed", times=20)
    await done(lin, "records.exported", times=2, rows=1200)
    await unusual.look()
    assert await alarms() == []


async def test_lookups_that_find_nobody_are_few_on_a_usual_day(lin):
    await done(lin, "members.lookup_missed", times=51)
    assert await alarms() == [("Lin", "missed", 51)]


async def test_another_kind_and_another_person_alarm_by_themselves(lin):
    ben = Actor("staff", "Ben", staff_id=uuid7())
    await done(lin, "records.exported", rows=9000)
    await done(lin, "members.revealed", rows=900)
    await done(ben, "records.exported", rows=9000)
    assert await alarms() == [("Lin", "exported", 9000), ("Lin", "revealed", 900), ("Ben", "exported", 9000)]


async def test_the_next_day_begins_anew(lin):
    monday = datetime(2026, 11, 23, 4, tzinfo=UTC)
    with clock.frozen(monday):
        await done(lin, "records.exported", rows=9000)
    with clock.frozen(monday + timedelta(days=1)):
        await done(lin, "records.exported", rows=9000)
    assert len(await alarms()) == 2


async def test_a_program_may_read_more_than_a_person(till):
    await done(till, "members.revealed", rows=5000)
    await unusual.look()
    assert await alarms() == []


async def test_what_a_program_reads_all_day_is_added_up_by_the_job(till):
    await done(till, "members.revealed", times=11, rows=2000)
    assert await alarms() == []
    assert await unusual.look() == 1
    assert await unusual.look() == 0
    assert await alarms() == [("Till", "revealed", 22_000)]


async def test_tessera_itself_alarms_nobody(system):
    await audit.note("records.exported", rows=1_000_000)
    await unusual.look()
    assert await alarms() == []


async def test_the_business_says_what_is_usual(lin):
    await unusual.set_usual({"staff": {"exported": "20"}})
    await done(lin, "records.exported", rows=21)
    assert await alarms() == [("Lin", "exported", 21)]


@pytest.mark.parametrize("typed", ["0", "-1", "many", "1.5", "", "9999999999"])
async def test_a_limit_that_is_no_whole_number_is_refused(typed):
    with pytest.raises(Invalid):
        await unusual.set_usual({"staff": {"exported": typed}})


async def test_the_owner_gets_a_task_that_names_who_what_and_how_much(lin, system):
    await done(lin, "records.exported", rows=10_000)
    await dispatcher.drain()
    (task,) = await fetch("SELECT title, role FROM task WHERE kind = 'unusual_access'")
    assert task["role"] == "owner"
    assert "Lin" in task["title"]["en"]
    assert "10000" in task["title"]["en"]
    assert "Rows exported" in task["title"]["en"]


async def test_an_act_that_is_taken_back_raises_nothing(lin):
    from tessera.kernel.database import in_transaction

    async def work() -> None:
        await audit.note("records.exported", rows=10_000)
        raise LookupError

    with acting_as(lin), pytest.raises(LookupError):
        await in_transaction(work)
    assert await alarms() == []
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'access.unusual'") == 0


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_ids_made_before_a_moment_sort_before_its_first_id(moment: datetime):
    def id_at(when: datetime) -> UUID:
        millis = int(when.timestamp() * 1000)
        return UUID(int=(millis << 80) | (7 << 76) | (2 << 62) | 12345)

    first: Any = unusual.first_id(moment)
    assert id_at(moment - timedelta(milliseconds=2)) < first <= id_at(moment)
