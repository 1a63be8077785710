"""Tasks are opened once, seen by those they are for, and done with an outcome."""

import asyncio
from collections.abc import Iterator

import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.database import fetchrow, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import failures
from tessera.kernel.texts import use_locale
from tessera.members import service as members
from tessera.tasks import service
from tessera_hooks import _

PASSWORD = "three quiet lanterns"


@pytest.fixture(autouse=True)
def system() -> Iterator[Actor]:
    """Tessera itself acts unless a test says otherwise."""
    failures.take()
    with system_actor() as someone:
        yield someone


@pytest.fixture
def staff():
    """Someone who holds a role, in one store or everywhere."""

    async def hired(login: str, role: str, store=None) -> Actor:
        code = next((s.code for s in access.stores() if s.id == store), "")
        made = await access.add_staff(login, login.title(), PASSWORD, role_code=role, store_code=code)
        return Actor("staff", login.title(), (Grant(("members.read",), store),), staff_id=made.id)

    return hired


async def titles(someone):
    with acting_as(someone):
        return [task.title for task in (await service.tasks()).items]


async def test_a_task_for_a_role_is_seen_by_those_who_hold_it_in_that_store(store, staff):
    other = await access.add_store("second", name="Second street")
    await service.open_task("call", _("Call"), role="front_desk", store=store)
    assert await titles(await staff("fay", "front_desk", store)) == ["Call"]
    assert await titles(await staff("gus", "front_desk", other.id)) == []
    assert await titles(await staff("hal", "cashier", store)) == []


async def test_a_task_for_one_person_is_theirs_alone(store, staff):
    fay = await staff("fay", "front_desk", store)
    await service.open_task("call", _("Call"), staff=fay.staff_id)
    assert await titles(fay) == ["Call"]
    assert await titles(await staff("gus", "front_desk", store)) == []


async def test_owners_see_everything_and_managers_what_is_in_their_stores(store, staff):
    other = await access.add_store("second", name="Second street")
    await service.open_task("call", _("Here"), role="cashier", store=store)
    await service.open_task("call", _("There"), role="cashier", store=other.id)
    assert await titles(await staff("olga", "owner")) == ["There", "Here"]
    assert await titles(await staff("max", "manager", store)) == ["Here"]


async def test_a_task_without_role_is_for_everyone_of_the_store(store, staff):
    await service.open_task("call", _("Anyone"), store=store)
    assert await titles(await staff("fay", "front_desk", store)) == ["Anyone"]


async def test_a_title_is_read_in_ones_language(business):
    await service.open_task("call", _("Tasks"))
    with use_locale("en"):
        assert (await service.tasks()).items[0].title == "Tasks"


async def test_the_same_key_is_one_open_task_that_counts(business):
    opened = await asyncio.gather(*(service.open_task("x", _("X"), key="k", detail=str(n)) for n in range(6)))
    assert len(set(opened)) == 1
    assert await fetchval("SELECT times FROM task") == 6
    await service.finish_task(opened[0], "done")
    assert await service.open_task("x", _("X"), key="k") != opened[0]


async def test_done_with_an_outcome_and_by_whom(store, staff):
    task = await service.open_task("call", _("Call"), role="front_desk", store=store)
    with acting_as(await staff("fay", "front_desk", store)):
        await service.finish_task(task, "reached")
        done = await service.task(task)
    assert (done.state, done.outcome, done.done_by) == ("done", "reached", "Fay")
    assert str(done.outcome_text) == "Spoke with them"


async def test_finishing_twice_the_same_way_is_once_and_another_way_is_refused(business):
    task = await service.open_task("call", _("Call"))
    await service.finish_task(task, "done")
    await service.finish_task(task, "done")
    with pytest.raises(service.TaskDone, match="Tessera has finished this task already"):
        await service.finish_task(task, "not_needed")


async def test_a_slip_of_the_thumb_can_be_taken_back(business):
    task = await service.open_task("call", _("Call"), key="k")
    await service.finish_task(task, "done")
    again = await service.open_task("call", _("Call"), key="k")
    await service.reopen_task(task)
    assert {t.id for t in (await service.tasks()).items} == {task, again}


async def test_what_one_may_not_see_one_cannot_finish(store, staff):
    task = await service.open_task("call", _("Call"), role="owner")
    with acting_as(await staff("fay", "front_desk", store)), pytest.raises(service.TaskUnknown):
        await service.finish_task(task, "done")


async def test_an_outcome_says_something(business):
    task = await service.open_task("call", _("Call"))
    with pytest.raises(Invalid, match="say how it went"):
        await service.finish_task(task, "  ")


async def test_a_task_about_a_member_stands_on_their_timeline(business):
    ana = await members.create_member(members.NewMember(name="Ana"))
    task = await service.open_task("call", _("Call"), member=ana, rule="r")
    row = await fetchrow("SELECT member, payload FROM event WHERE kind = 'task.opened'")
    assert (row["member"], row["payload"]) == (ana, {"task": str(task), "task_kind": "call", "rule": "r"})


async def test_the_next_page_begins_where_this_one_ends(business):
    for n in range(5):
        await service.open_task("call", _("Call {n}", n=n))
    first = await service.tasks(limit=3)
    rest = await service.tasks(limit=3, cursor=first.next)
    assert [t.title for t in (*first.items, *rest.items)] == [f"Call {n}" for n in (4, 3, 2, 1, 0)]
    assert rest.next is None


async def test_a_plugin_that_fails_is_one_task_for_each_place_however_often(business, staff):
    for _time in range(3):
        failures.note("fitness", "slot member.card", ValueError("boom"))
    failures.note("fitness", "hook facts", ValueError("bang"))
    assert await service.report_plugin_failures() == 2
    failures.note("fitness", "slot member.card", ValueError("boom again"))
    await service.report_plugin_failures()
    with acting_as(await staff("olga", "owner")):
        seen = {task.title: (task.times, task.detail) for task in (await service.tasks()).items}
    assert seen == {
        'Plugin "fitness" failed: slot member.card': (4, "ValueError: boom again"),
        'Plugin "fitness" failed: hook facts': (1, "ValueError: bang"),
    }


async def test_a_process_without_jobs_reports_until_it_is_told_to_stop(business):
    failures.note("fitness", "slot member.card", ValueError("boom"))
    stop = asyncio.Event()
    reporting = asyncio.create_task(service.report_until(stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(reporting, 5)
    assert (await service.tasks()).items[0].plugin == "fitness"


async def test_a_task_about_a_member_stays_in_the_members_store(store, staff):
    other = await access.add_store("second", name="Second street")
    ben = await members.create_member(members.NewMember(name="Ben", store=other.id))
    await service.open_task("call", _("Call"), member=ben)
    assert await titles(await staff("fay", "front_desk", store)) == []
    assert await titles(await staff("gus", "front_desk", other.id)) == ["Call"]
