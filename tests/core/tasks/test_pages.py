"""The page and endpoints of tasks."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from tessera.access import service as access
from tessera.kernel.ids import uuid7
from tessera.tasks import service
from tessera_hooks import _

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest_asyncio.fixture(loop_scope="session")
async def desk(app, store, system) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which someone of the front desk is signed in."""
    made = await access.add_staff("fay", "Fay", "three quiet lanterns", role_code="front_desk", store_code="main")
    cookies = {"tessera_session": await access.open_session(made.id)}
    transport = httpx.ASGITransport(app)
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies, headers=headers) as one:
        yield one


async def test_one_tap_finishes_a_task_and_another_takes_it_back(desk, store):
    task = await service.open_task("call", _("Call her"), role="front_desk", store=store)
    page = (await desk.get("/tasks")).text
    assert "Call her" in page
    token = TOKEN.search(page).group(1)
    await desk.post(f"/tasks/{task}/done", data={"_csrf": token, "outcome": "not_needed"})
    assert (await service.task(task)).outcome == "not_needed"
    assert "Not needed any more" in (await desk.get("/tasks?state=done")).text
    await desk.post(f"/tasks/{task}/reopen", data={"_csrf": token})
    assert (await service.task(task)).state == "open"


async def test_what_is_to_do_for_a_member_is_done_on_their_page(desk, member):
    ana = await member("Ana")
    task = await service.open_task("call", _("Call her"), member=ana, role="front_desk")
    page = (await desk.get(f"/members/{ana}")).text
    assert "Call her" in page
    answer = await desk.post(
        f"/tasks/{task}/done", data={"_csrf": TOKEN.search(page).group(1), "from": "member"}, follow_redirects=False
    )
    assert answer.headers["location"] == f"/members/{ana}"
    assert "Call her" not in (await desk.get(f"/members/{ana}")).text


async def test_ones_own_words_count_more_than_the_button(desk, store):
    task = await service.open_task("call", _("Call her"), role="front_desk", store=store)
    token = TOKEN.search((await desk.get("/tasks")).text).group(1)
    await desk.post(f"/tasks/{task}/done", data={"_csrf": token, "words": "comes on Friday"})
    assert (await service.task(task)).outcome == "comes on Friday"


async def test_a_program_reads_and_finishes_tasks(api, member):
    ana = await member("Ana")
    task = await service.open_task("call", _("Call"), member=ana, role="front_desk")
    listed = (await api.get(f"/tasks?member={ana}")).json()
    assert [item["id"] for item in listed["items"]] == [str(task)]
    done = await api.post(f"/tasks/{task}/done", json={"outcome": "reached"})
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert (await api.post(f"/tasks/{task}/done", json={"outcome": "reached"})).status_code == 200
    other = await api.post(f"/tasks/{task}/done", json={"outcome": "not_needed"})
    assert (other.status_code, other.json()["code"]) == (409, "task_done")


async def test_a_task_that_is_not_there_is_not_found(api):
    assert (await api.post(f"/tasks/{uuid7()}/done", json={"outcome": "done"})).status_code == 404


async def test_a_key_of_one_store_sees_that_stores_tasks(api_client, store, system):
    other = await access.add_store("second", name="Second street")
    await service.open_task("call", _("Here"), store=store)
    await service.open_task("call", _("There"), store=other.id)
    async with await api_client("members.read", where=store) as till:
        assert [item["title"] for item in (await till.get("/tasks")).json()["items"]] == ["Here"]
