"""Merging on pages and over the API, as someone at a desk and a shop's program do it."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.app import make_app
from tessera.kernel.plugins import PluginHost
from tessera.members import service
from tessera.members.service import fields, merging
from tessera.points import service as points

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost):
    return make_app(plugin_host)


@pytest.fixture
async def desk(app, store: UUID):
    """A browser in which someone is signed in who may merge."""
    with system_actor():
        made = await access.add_staff("mei", "Mei", "correct horse 42", role_code="manager", store_code="main")
        cookies = {"tessera_session": await access.open_session(made.id)}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", cookies=cookies, headers={"Accept-Language": "en"}
    ) as client:
        yield client


async def send(client: httpx.AsyncClient, page: str, path: str, **values: str) -> httpx.Response:
    token = TOKEN.search((await client.get(page)).text)
    assert token
    return await client.post(path, data={"_csrf": token.group(1), **values})


async def test_the_page_shows_both_with_what_tells_them_apart(desk, member):
    ana = await member("Ana López", phone="13800138001", source="poster")
    double = await member("Ana López", phone="13800138002", source="friend")
    page = (await desk.get(f"/members/{ana}/merge?other={double}")).text
    numbers = [(await service.member(one)).number for one in (ana, double)]
    assert all(number in page for number in numbers)
    assert ("138****8001" in page, "138****8002" in page, "poster" in page, "friend" in page) == (True,) * 4


async def test_a_field_is_chosen_on_the_page(desk, member):
    ana, double = await member("Ana", source="poster"), await member("Anita", source="friend")
    page = f"/members/{ana}/merge?other={double}"
    sent = {"other": str(double), "take.name": "other", "take.source": "survivor"}
    answer = await send(desk, page, f"/members/{ana}/merge", **sent)
    found = await service.member(ana)
    assert (answer.status_code, found.name, found.source) == (303, "Anita", "poster")
    shown = await desk.get(answer.headers["location"])
    assert "The two are one member now." in shown.text
    assert "Undo the merge" in shown.text


async def test_without_another_the_page_asks_who_it_is(desk, member):
    page = await desk.get(f"/members/{await member('Ana')}/merge")
    assert (page.status_code, "Find the other entry of Ana" in page.text) == (200, True)


async def test_the_page_of_an_old_id_leads_to_the_survivor(desk, member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    answers = [await desk.get(f"/members/{double}{rest}") for rest in ("", "/points", "/purchases", "/edit")]
    assert [answer.status_code for answer in answers] == [303] * 4
    assert [answer.headers["location"] for answer in answers] == [
        f"/members/{ana}{rest}" for rest in ("", "/points", "/purchases", "/edit")
    ]


async def test_an_old_id_in_a_query_leads_to_the_survivor(desk, member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    answer = await desk.get(f"/fitness/body-tests?member={double}")
    assert answer.headers["location"] == f"/fitness/body-tests?member={ana}"


async def test_a_merge_is_undone_on_its_page(desk, member):
    ana, double = await member("Ana"), await member("Ana")
    made = await merging.merge(ana, double)
    page = f"/members/merges/{made.merge}"
    answer = await send(desk, page, f"{page}/undo")
    assert (answer.status_code, await service.survivor_of(double)) == (303, double)
    assert "Undone" in (await desk.get("/members/merges")).text


async def test_what_stands_against_an_undo_is_said_and_can_be_overruled(desk, member):
    ana, double = await member("Ana"), await member("Ana")
    await points.credit(await service.account_of(double), double, 50, reason="gift")
    made = await merging.merge(ana, double)
    await points.debit(await service.account_of(ana), ana, 20, reason="towel")
    page = f"/members/merges/{made.merge}"
    refused = await send(desk, page, f"{page}/undo")
    forced = await send(desk, page, f"{page}/undo", force="yes")
    assert (refused.status_code, "20 points of the other were spent" in refused.text) == (409, True)
    assert (forced.status_code, await service.survivor_of(double)) == (303, double)


async def test_the_timeline_tells_of_both_and_of_the_merge_once(desk, member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    page = (await desk.get(f"/members/{ana}/timeline", headers={"HX-Request": "true"})).text
    assert (page.count("Became a member"), page.count("was merged into")) == (2, 1)


async def test_a_program_merges_and_undoes(api, member):
    ana, double = await member("Ana"), await member("Ana", source="friend")
    merged = await api.post(f"/members/{ana}/merge", json={"other": str(double)})
    asked = await api.get(f"/members/{double}")
    undone = await api.post(f"/merges/{merged.json()['merge']}/undo")
    assert (merged.status_code, merged.json()["member"]["id"], merged.json()["member"]["source"]) == (
        200,
        str(ana),
        "friend",
    )
    assert asked.json()["id"] == str(ana)
    assert (undone.status_code, undone.json()["other"]["id"], undone.json()["stayed"]) == (200, str(double), [])


async def test_what_a_program_asks_of_an_old_id_is_the_survivors(api, member):
    ana, double = await member("Ana"), await member("Ana")
    await merging.merge(ana, double)
    await api.post(f"/members/{double}/entries", json={"kind": "credit", "amount": 50, "reason": "gift"})
    held = (await api.get(f"/members/{double}/balances")).json()["points"]["available"]
    bought = await api.post(
        "/purchases", json={"source": "till", "external_id": "R1", "amount": 1000, "member": {"id": str(double)}}
    )
    listed = (await api.get("/purchases", params={"member": str(double)})).json()["items"]
    assert (held, bought.json()["member"], [one["member"] for one in listed]) == (50, str(ana), [str(ana)])
    told = (await api.get(f"/members/{double}/timeline")).json()["items"]
    assert "purchase.recorded" in [one["kind"] for one in told]


async def test_a_refused_undo_names_the_entries_to_a_program(api, member):
    ana, double = await member("Ana"), await member("Ana")
    await points.credit(await service.account_of(double), double, 50, reason="gift")
    made = await merging.merge(ana, double)
    spent = await points.debit(await service.account_of(ana), ana, 20, reason="towel")
    refused = await api.post(f"/merges/{made.merge}/undo")
    forced = await api.post(f"/merges/{made.merge}/undo", json={"force": True})
    body = refused.json()
    assert (refused.status_code, body["code"], body["entries"]) == (409, "merge_in_use", [str(spent.id)])
    assert (forced.status_code, forced.json()["member"]["balances"], forced.json()["other"]["balances"]) == (
        200,
        {"points": -20},
        {"points": 50},
    )


@pytest.mark.parametrize("permission", ["members.read", "members.write"])
async def test_whoever_may_not_merge_is_refused(api_client, member, permission):
    ana, double = await member("Ana"), await member("Ana")
    async with await api_client(permission) as client:
        answer = await client.post(f"/members/{ana}/merge", json={"other": str(double)})
    assert answer.status_code == 403


async def test_what_stands_in_a_sensitive_field_is_masked_whole(desk, member):
    await fields.make_field("illness", "text", {"en": "Illness"}, sensitive=True)
    ana, double = await member("Ana"), await member("Anita")
    await fields.set_custom(ana, {"illness": "type two diabetes"})
    await fields.set_custom(double, {"illness": "chronic asthma"})
    page = (await desk.get(f"/members/{ana}/merge?other={double}")).text
    assert "Illness" in page
    assert ("betes" in page, "etes" in page, "thma" in page) == (False, False, False)
