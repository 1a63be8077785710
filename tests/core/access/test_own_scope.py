"""Who may only see their own members: on pages, in JSON, in search, lists, tasks and what they write."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from core.access.conftest import acting_as, as_actor
from signed_in import send

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.kernel.errors import NotFound
from tessera.members import service as members
from tessera.members.service import responsible
from tessera.points import service as points
from tessera.purchases import service as purchases
from tessera.purchases.service.contract import Buyer, NewPurchase
from tessera.records import rows
from tessera.records import service as records
from tessera.records.kinds import kind_named
from tessera.tasks import service as tasks


@pytest.fixture
async def world(member, coach, store, plugin_host):
    """Ana is the coach's own member and Ben is not; each bought, was measured, and has a task for coaches."""
    found: dict[str, UUID] = {}
    kind = kind_named(plugin_host, "fitness.body_test")
    for name, phone in (("Ana Lin", "13800138000"), ("Ben Lin", "13900139000")):
        who = found[name[:3]] = await member(name, phone=phone)
        await records.record(kind, who, {"height": "170", "weight": "70"}, store=store)
        await points.credit(await members.account_of(who), who, 50, reason="gift", store=store)
        await tasks.open_task("call", f"Call {name}", member=who, role="coach")
        bought = NewPurchase(external_id=name, source="till", buyer=Buyer(id=who), store="main", amount=1000)
        await purchases.record_purchase(bought)
    await responsible.set_responsible(found["Ana"], "coach", coach.id)
    return found


@pytest.fixture
async def browser(app, coach):
    """A browser in which the coach is signed in."""
    cookies = {"tessera_session": await service.open_session(coach.id)}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies, headers=headers) as one:
        yield one


PAGES = [
    "/members/{id}",
    "/members/{id}/points",
    "/members/{id}/purchases",
    "/members/{id}/edit",
    "/api/v1/members/{id}",
    "/api/v1/members/{id}/balances",
    "/api/v1/members/{id}/entries",
    "/api/v1/members/{id}/timeline",
    "/api/v1/members/{id}/responsible/coach",
]


@pytest.mark.parametrize("path", PAGES)
async def test_a_member_of_ones_own_is_there_and_another_is_not(world, browser, path):
    seen = [(await browser.get(path.format(id=world[name]))).status_code for name in ("Ana", "Ben")]
    assert seen == [200, 404]


async def test_the_story_of_ones_own_member_is_told_and_that_of_another_is_not(world, browser):
    swap = {"HX-Request": "true"}
    told = [await browser.get(f"/members/{world[name]}/timeline", headers=swap) for name in ("Ana", "Ben")]
    assert [one.status_code for one in told] == [200, 404]


@pytest.mark.parametrize(
    "path",
    [
        "/members",
        "/members?q=Lin",
        "/members?q=13900139000",
        "/members?store=main",
        "/api/v1/members",
        "/api/v1/members?q=Lin",
        "/api/v1/members?store=main",
        "/tasks",
        "/api/v1/tasks",
        "/fitness/body-tests",
        "/api/v1/fitness/body-tests",
        "/api/v1/purchases",
        "/",
    ],
)
async def test_lists_searches_and_tasks_name_ones_own_members_and_no_others(world, browser, path):
    text = (await browser.get(path)).text
    assert "Ben Lin" not in text
    assert str(world["Ben"]) not in text


@pytest.mark.parametrize("path", ["/members", "/members?q=Lin", "/api/v1/members?store=main", "/tasks"])
async def test_ones_own_members_are_found(world, browser, path):
    assert "Ana Lin" in (await browser.get(path)).text


async def test_purchases_are_those_of_ones_own_members(world, coach):
    with acting_as(await as_actor(coach)):
        assert [one.member for one in await purchases.purchases()] == [world["Ana"]]
        with pytest.raises(NotFound):
            await purchases.purchase((await _purchase_of(world["Ben"])).id)


async def _purchase_of(member: UUID):
    with system_actor():
        return (await purchases.purchases(member=member))[0]


async def test_records_are_those_of_ones_own_members(world, coach, plugin_host):
    kind = kind_named(plugin_host, "fitness.body_test")
    with system_actor():
        others = (await rows.page(kind, member=world["Ben"])).items[0]
    with acting_as(await as_actor(coach)):
        assert [one.member for one in (await rows.page(kind)).items] == [world["Ana"]]
        with pytest.raises(NotFound):
            await rows.one(kind, others.id)
        with pytest.raises(NotFound):
            await records.record(kind, world["Ben"], {"height": "170", "weight": "70"})
        await records.record(kind, world["Ana"], {"height": "171", "weight": "70"})


async def test_a_member_who_is_not_ones_own_is_answered_as_one_who_does_not_exist(world, browser):
    answers = [
        (await browser.get(f"/api/v1/members/{one}/balances")).json()
        for one in (world["Ben"], "0195f0a0-0000-7000-8000-000000000001")
    ]
    assert len({tuple((k, v) for k, v in one.items() if k != "request_id") for one in answers}) == 1


async def test_a_member_that_one_makes_becomes_ones_own(world, browser, coach):
    await send(browser, "/members/new", name="Cas Lin", store="main")
    with acting_as(await as_actor(coach)):
        found = await members.search("Cas Lin")
        assert [line.name for line in found] == ["Cas Lin"]
    assert (await responsible.responsible_of(found[0].id))["coach"].staff == coach.id


async def test_a_member_that_someone_with_the_whole_store_makes_is_nobodys(hire, store):
    ben = await hire("ben", "cashier")
    with acting_as(await as_actor(ben)):
        made = await members.create_member(members.NewMember(name="Dan"))
    assert await responsible.responsible_of(made) == {}


async def test_a_member_who_was_handed_over_is_no_longer_there(world, coach, hire):
    other = await hire("chen", "coach")
    with system_actor():
        await responsible.hand_over(coach.id, other.id)
    with acting_as(await as_actor(coach)), pytest.raises(NotFound):
        await members.member(world["Ana"])
    with acting_as(await as_actor(other)):
        assert (await members.member(world["Ana"])).name == "Ana Lin"


async def test_a_right_for_ones_own_shows_nothing_of_others_whom_one_sees_for_another_reason(world, hire, app):
    with system_actor():
        await service.keep_role("desk", "Desk", ["members.read", "points.read@own", "purchases.read@own"])
    person = await hire("des", "desk")
    cookies = {"tessera_session": await service.open_session(person.id)}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies) as desk:
        page = await desk.get(f"/members/{world['Ben']}", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert "/points" not in page.text
        assert "/purchases" not in page.text
        assert (await desk.get(f"/members/{world['Ben']}/points")).status_code == 404
        told = (await desk.get(f"/api/v1/members/{world['Ben']}")).json()
        assert told["balances"] == {}


async def test_what_a_right_for_ones_own_does_not_name_is_refused(world, browser):
    for path in ("/settings/staff", "/messages", "/settings/roles"):
        assert (await browser.get(path)).status_code in (403, 404)
