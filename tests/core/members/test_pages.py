"""The pages of members, as someone at a desk uses them."""

import re
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.app import make_app
from tessera.kernel.plugins import PluginHost
from tessera.members import service
from tessera.members.service import NewMember

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost):
    return make_app(plugin_host)


@pytest.fixture
async def desk(app, store: UUID):
    """Opens a browser in which someone of the front desk of the first store is signed in."""
    opened: list[httpx.AsyncClient] = []

    async def sign_in(role: str = "front_desk", store_code: str = "main", language: str = "en") -> httpx.AsyncClient:
        made = await access.add_staff(
            f"lin{len(opened)}", "Lin", "correct horse 42", role_code=role, store_code=store_code
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://test",
            cookies={"tessera_session": await access.open_session(made.id)},
            headers={"Accept-Language": language},
        )
        opened.append(client)
        return client

    yield sign_in
    for client in opened:
        await client.aclose()


async def send(client: httpx.AsyncClient, path: str, **values: object) -> httpx.Response:
    """Open the page of a form and send it."""
    page = await client.get(path)
    token = TOKEN.search(page.text)
    assert token, page.text[:1000]
    return await client.post(path, data={"_csrf": token.group(1), **{k: str(v) for k, v in values.items()}})


async def find(client: httpx.AsyncClient, q: str, *, typing: bool = False) -> httpx.Response:
    """Type into the box, or send it."""
    token = TOKEN.search((await client.get("/members/new")).text).group(1)
    headers = {"HX-Request": "true"} if typing else {}
    return await client.post("/members/find", data={"_csrf": token, "part": "list", "q": q}, headers=headers)


async def test_an_empty_list_says_how_to_begin(desk):
    page = await (await desk()).get("/members")
    assert page.status_code == 200
    assert "No members yet" in page.text
    assert "bring the old list" in page.text


async def test_someone_is_added_and_found_while_typing(desk):
    lin = await desk()
    made = await send(lin, "/members/new", name="王小伟", phone="138 0013 8000", birthday="02-29", note="怕冷")
    assert made.status_code == 303, made.text
    rows = await find(lin, "wangx", typing=True)
    assert "<html" not in rows.text
    assert "王小伟" in rows.text
    assert "138****8000" in rows.text
    assert made.headers["location"] in rows.text


async def test_nobody_is_added_only_to_be_merged(desk):
    lin = await desk()
    token = TOKEN.search((await lin.get("/members/new")).text).group(1)
    values = {"_csrf": token, "part": "list", "q": "zzyzx"}
    asked = {
        goal: (await lin.post("/members/find", data={**values, "goal": goal})).text for goal in ("/till", "/m/merge")
    }
    assert 'href="/members/new?goal=/till"' in asked["/till"]
    assert 'class="empty-action"' not in asked["/m/merge"]


async def test_whoever_is_added_for_a_page_that_waits_is_brought_to_it(desk):
    lin = await desk()
    page = "/members/new?goal=/till"
    assert 'name="goal" value="/till"' in (await lin.get(page)).text
    token = TOKEN.search((await lin.get(page)).text).group(1)
    values = {"_csrf": token, "name": "Ana", "phone": "13800138001", "goal": "/till"}
    made = await lin.post("/members/new", data=values)
    assert (made.status_code, made.headers["location"].rpartition("=")[0]) == (303, "/till?member")
    elsewhere = await lin.post("/members/new", data={**values, "phone": "13800138002", "goal": "https://example.com/"})
    assert elsewhere.headers["location"].startswith("/members/")


async def test_the_phone_has_a_phones_keyboard(desk):
    page = (await (await desk()).get("/members/new")).text
    assert 'type="tel"' in re.search(r'<input[^>]*name="phone"[^>]*>', page).group(0)
    assert 'type="email"' in re.search(r'<input[^>]*name="email"[^>]*>', page).group(0)


async def test_a_taken_phone_says_whose_it_is_and_can_be_shared(desk):
    mother = await service.create_member(NewMember(name="李文", phone="13800138000"))
    lin = await desk()
    refused = await send(lin, "/members/new", name="王小小", phone="13800138000")
    assert refused.status_code == 409
    assert f"/members/{mother}" in refused.text
    assert 'value="王小小"' in refused.text
    made = await send(
        lin, "/members/new", name="王小小", phone="13800138000", taken="relative", taken_kind="phone", tie="guardian"
    )
    assert made.status_code == 303
    found = (await find(lin, "13800138000", typing=True)).text
    assert "李文" in found
    assert "王小小" in found


async def test_what_is_wrong_stands_beside_its_field(desk):
    refused = await send(await desk(), "/members/new", name="Ana", phone="12345", birthday="1990-02-30")
    assert refused.status_code == 422
    assert "month 2 of 1990 has no day 30" in refused.text
    assert 'value="Ana"' in refused.text


async def test_a_masked_phone_that_is_left_alone_stays(desk):
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000", address="长宁路1号"))
    lin = await desk()
    page = (await lin.get(f"/members/{ana}/edit")).text
    assert "13800138000" not in page
    assert "138****8000" in page
    saved = await send(lin, f"/members/{ana}/edit", version=1, name="Ana López", phone="", address="")
    assert saved.status_code == 303, saved.text
    view = await service.member(ana)
    assert (view.name, view.phone, view.address) == ("Ana López", "+8613800138000", "长宁路1号")


async def test_a_masked_address_is_emptied_on_purpose_only(desk):
    ana = await service.create_member(NewMember(name="Ana", address="长宁路1号"))
    await send(await desk(), f"/members/{ana}/edit", version=1, name="Ana", address="", clear_address="yes")
    assert (await service.member(ana)).address is None


async def test_a_change_that_came_too_late_is_not_lost_silently(desk):
    ana = await service.create_member(NewMember(name="Ana"))
    lin = await desk()
    await send(lin, f"/members/{ana}/edit", version=1, name="Ana López")
    late = await send(lin, f"/members/{ana}/edit", version=1, name="Anna")
    assert late.status_code == 409
    assert "Someone else changed this member meanwhile" in late.text


async def test_consents_are_changed_on_the_members_word(desk):
    ana = await service.create_member(NewMember(name="Ana"))
    saved = await send(
        await desk(), f"/members/{ana}/consents", **{"marketing.email": "granted", "given_by": "", "wording": ""}
    )
    assert saved.status_code == 303
    assert await service.consent_state(ana, "marketing", "email") == "granted"
    assert await service.consent_state(ana, "marketing", "sms") == "never_asked"


async def test_a_note_is_written_from_the_members_page(desk):
    ana = await service.create_member(NewMember(name="Ana"))
    lin = await desk()
    page = await lin.get(f"/members/{ana}")
    assert page.status_code == 200, page.text
    token = TOKEN.search(page.text).group(1)
    await lin.post(f"/members/{ana}/notes", data={"_csrf": token, "text": "likes windows"})
    assert "likes windows" in (await lin.get(f"/members/{ana}")).text


async def test_a_member_of_another_store_is_not_there(desk):
    await access.add_store("xh", name="Xuhui")
    ana = await service.create_member(NewMember(name="Ana", store=access.store_by_code("main").id))
    lin = await desk(store_code="xh")
    for path in (f"/members/{ana}/edit", f"/members/{ana}/consents", f"/members/{ana}"):
        assert (await lin.get(path)).status_code == 404
    assert "Ana" not in (await find(lin, "ana")).text


async def test_the_pages_speak_chinese(desk):
    ana = await service.create_member(NewMember(name="Ana"))
    lin = await desk(language="zh-CN")
    for path in ("/members", "/members/new", f"/members/{ana}/edit", f"/members/{ana}/consents"):
        assert (await lin.get(path)).status_code == 200
