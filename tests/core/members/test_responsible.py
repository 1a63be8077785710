"""Who is responsible for a member, by role, and handing over."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from tessera.access import service as access
from tessera.access.service import StaffUnknown
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service.responsible import counts_of, hand_over, responsible_of, set_responsible
from tessera.tasks.service import open_task

CHANGED = "member.responsible_changed"


@pytest.fixture
async def people(store, system) -> dict[str, UUID]:
    """Wang Li and Chen work in the store, the doctor in a clinic of another circle."""
    await access.add_store("clinic", "Clinic", circle="clinic")
    made = {}
    for login, where in (("wang", "main"), ("chen", "main"), ("doctor", "clinic")):
        person = await access.add_staff(
            login, login.title(), "three quiet lanterns", role_code="cashier", store_code=where
        )
        made[login] = person.id
    return made


async def test_one_person_is_responsible_in_each_role_until_someone_else_is(member, people):
    ana = await member("Ana")
    await set_responsible(ana, "cashier", people["wang"])
    await set_responsible(ana, "fitness.coach", people["chen"])
    await set_responsible(ana, "cashier", people["chen"])
    assert {role: one.login for role, one in (await responsible_of(ana)).items()} == {
        "cashier": "chen",
        "fitness.coach": "chen",
    }


async def test_nobody_is_responsible_any_more(member, people):
    ana = await member("Ana")
    await set_responsible(ana, "cashier", people["wang"])
    await set_responsible(ana, "cashier", None)
    assert await responsible_of(ana) == {}


async def test_many_at_once_leave_one_responsible(member, people):
    ana = await member("Ana")
    await asyncio.gather(*[set_responsible(ana, "cashier", people[login]) for login in ("wang", "chen") * 4])
    assert await fetchval("SELECT count(*) FROM member_staff WHERE member = $1", ana) == 1


async def test_each_change_is_one_event_and_the_same_again_is_none(member, people):
    ana = await member("Ana")
    for login in ("wang", "wang", "chen"):
        await set_responsible(ana, "cashier", people[login])
    told = [row["payload"] for row in await fetch("SELECT payload FROM event WHERE kind = $1 ORDER BY id", CHANGED)]
    assert [(one.get("before"), one["after"]) for one in told] == [
        (None, str(people["wang"])),
        (str(people["wang"]), str(people["chen"])),
    ]


async def test_someone_of_another_circle_cannot_be_responsible_and_is_not_told_apart_from_nobody(member, people):
    ana = await member("Ana")
    with pytest.raises(StaffUnknown):
        await set_responsible(ana, "cashier", people["doctor"])


async def test_all_of_a_role_go_to_a_colleague(member, people):
    for name in ("Ana", "Ben", "Cas"):
        await set_responsible(await member(name), "cashier", people["wang"])
    await set_responsible(await member("Dan"), "fitness.coach", people["wang"])
    assert await hand_over(people["wang"], people["chen"], "cashier") == 3
    assert [(role, n) for role, _title, n in await counts_of(people["wang"])] == [("fitness.coach", 1)]
    assert await fetchval("SELECT count(*) FROM event WHERE kind = $1 AND payload->>'before' IS NOT NULL", CHANGED) == 3


async def test_some_chosen_members_go_to_a_colleague(member, people):
    ana, ben = await member("Ana"), await member("Ben")
    for one in (ana, ben):
        await set_responsible(one, "cashier", people["wang"])
    assert await hand_over(people["wang"], people["chen"], members=[ana]) == 1
    assert (await responsible_of(ben))["cashier"].login == "wang"


async def test_nothing_goes_to_whom_it_comes_from_or_into_another_circle(member, people):
    await set_responsible(await member("Ana"), "cashier", people["wang"])
    with pytest.raises(Invalid, match="choose someone else"):
        await hand_over(people["wang"], people["wang"])
    assert await hand_over(people["wang"], people["doctor"]) == 0


async def test_a_task_for_the_members_coach_is_for_whoever_that_is(member, people):
    ana = await member("Ana")
    await set_responsible(ana, "fitness.coach", people["wang"])
    task = await open_task("call", "Call", member=ana, role="fitness.coach")
    assert await fetchval("SELECT staff FROM task WHERE id = $1", task) == people["wang"]


async def test_a_task_for_a_role_in_which_nobody_is_responsible_is_for_the_role(member, people):
    task = await open_task("call", "Call", member=await member("Ana"), role="fitness.coach")
    assert await fetchval("SELECT staff FROM task WHERE id = $1", task) is None


async def test_who_is_responsible_is_read_and_changed_as_json(api, member, people):
    ana = await member("Ana")
    answer = await api.put(f"/members/{ana}/responsible/cashier", json={"staff": "wang"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Wang")
    assert (await api.get(f"/members/{ana}/responsible/cashier")).json()["staff"] == "wang"
    assert (await api.put(f"/members/{ana}/responsible/cashier", json={"staff": None})).json()["staff"] is None


async def test_a_login_of_another_circle_and_an_unknown_one_are_answered_alike(api, member, people):
    ana = await member("Ana")
    answers = [
        (await api.put(f"/members/{ana}/responsible/cashier", json={"staff": login})).json()
        for login in ("doctor", "nobody")
    ]
    assert [one["code"] for one in answers] == ["staff_unknown", "staff_unknown"]
    assert [one["detail"] for one in answers] == ['nobody signs in as "doctor"', 'nobody signs in as "nobody"']
