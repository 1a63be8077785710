"""Who is let through, and that forms of foreign pages are not."""

from __future__ import annotations

import pytest
from litestar import get

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins.state import disable, enable
from tessera.web.shell import web_app, web_settings


async def make_key(*permissions: str) -> dict[str, str]:
    with system_actor():
        return {"Authorization": f"Bearer {await service.add_key('till', permissions)}"}


async def test_a_handler_without_a_permission_stops_the_start(plugin_host):
    @get("/open-door", sync_to_thread=False)
    def forgotten() -> str:
        return "come in"

    with pytest.raises(CannotRun, match='states no permission: give it permission="…", SIGNED_IN or PUBLIC'):
        web_app([forgotten], settings=web_settings(version="test"))


async def test_a_key_may_what_its_permissions_say_and_nothing_else(browser, business):
    reader = await make_key("points.read")
    assert (await browser.get("/api/v1/points/3", headers=reader)).json() == {"n": 3, "low": 0, "actor": "till"}
    refused = await browser.post("/api/v1/points", headers=reader)
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    assert (await browser.post("/api/v1/points", headers=await make_key("*"))).status_code == 201


@pytest.mark.parametrize("header", ["Bearer tsr_wrong", "Bearer ", "Basic YTpi", ""])
async def test_without_a_right_key_the_api_asks_for_one(browser, business, header):
    answer = await browser.get("/api/v1/points/3", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_is_refused_at_once(browser, business):
    headers = await make_key("points.read")
    assert (await browser.get("/api/v1/points/3", headers=headers)).status_code == 200
    with system_actor():
        await service.revoke((await service.list_keys())[0].id)
    assert (await browser.get("/api/v1/points/3", headers=headers)).status_code == 401


async def test_a_role_decides_what_a_person_sees_and_may_open(browser, hire):
    await hire("ana")
    await hire("cas", "cashier")
    await browser.sign_in("cas")
    await browser.open("/")
    assert "/settings/staff" not in browser.seen
    assert (await browser.open("/settings/staff")).status_code == 403
    assert "You may not do this" in browser.seen


async def test_pages_of_a_plugin_exist_only_where_it_is_enabled(browser, business):
    await enable("fitness")
    assert (await browser.get("/of-fitness")).text == "fitness"
    await disable("fitness")
    assert (await browser.get("/of-fitness")).status_code == 404


async def test_a_form_without_the_pages_token_is_refused(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    answer = await browser.post("/settings/stores/new", data={"code": "XH", "name": "Xuhui"})
    assert answer.status_code == 403
    assert "XH" not in [s.code for s in service.stores()]


async def test_a_token_of_one_browser_is_worth_nothing_in_another(browser, another, hire):
    await hire("ana")
    async with another() as stranger:
        await stranger.open("/sign-in")
        foreign = stranger.token
    await browser.sign_in("ana")
    answer = await browser.post("/echo", data={"_csrf": foreign, "word": "hi"})
    assert answer.status_code == 403


async def test_a_token_from_before_signing_in_does_not_outlive_it(browser, hire):
    await hire("ana")
    await browser.open("/sign-in")
    early = browser.token
    await browser.sign_in("ana")
    assert (await browser.post("/echo", data={"_csrf": early, "word": "hi"})).status_code == 403


async def test_a_session_cookie_alone_changes_nothing_through_the_api(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    assert (await browser.get("/api/v1/points/3")).status_code == 200
    assert (await browser.post("/api/v1/points")).status_code == 403
    await browser.open("/")
    told = await browser.post("/api/v1/points", headers={"X-CSRF-Token": browser.token})
    assert told.json() == {"actor": "Ana"}


async def test_the_guard_reads_a_form_and_leaves_it_to_the_handler(browser, hire):
    await hire("ana")
    await browser.open("/sign-in")
    assert (await browser.post("/echo", data={"_csrf": browser.token, "word": "hi"})).text == "hi"
    files = {"picture": ("a.png", b"\x89PNG" * 1000, "image/png")}
    assert (await browser.post("/echo", data={"_csrf": browser.token, "word": "hi"}, files=files)).text == "hi"
