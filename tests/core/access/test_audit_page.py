"""The audit is read newest first, as far as one may see it, in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from core.access.waiting import all_older_are_done
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.access import audit, service
from tessera.access.actor import Actor, Grant, acting_as
from tessera.access.audit import actions, reading, unusual
from tessera.access.audit.seals import seal_waiting
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import Forbidden
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import translate

pytestmark = pytest.mark.usefixtures("system")

LIN = Actor("staff", "Lin", staff_id=uuid7())


@pytest.fixture(autouse=True)
async def nothing_noted_yet(store: UUID) -> None:
    await execute("TRUNCATE audit")


@pytest_asyncio.fixture(loop_scope="session")
async def reader(api_client: Callable[..., Awaitable[httpx.AsyncClient]]) -> AsyncIterator[httpx.AsyncClient]:
    """A program that may read the audit."""
    async with await api_client("audit.read") as client:
        await execute("TRUNCATE audit")
        yield client


async def listed(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [one["action"] for one in (await client.get("/audit", params=query)).json()["items"]]


async def noted(*names: str, **about: Any) -> None:
    for name in names:
        await audit.note(name, **about)


async def test_the_newest_comes_first(reader):
    await noted("settings.changed", "plugins.enabled")
    assert await listed(reader) == ["plugins.enabled", "settings.changed"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "yesterday"])
async def test_a_day_that_cannot_have_been_narrows_nothing(owner, day):  # noqa: F811 - the fixture
    assert (await owner.get("/settings/audit", params={"day": day})).status_code == 200


async def test_one_page_leads_to_the_next(reader):
    await noted("a.one", "a.two", "a.three")
    first = (await reader.get("/audit", params={"limit": 2})).json()
    second = (await reader.get("/audit", params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["action"] for one in first["items"] + second["items"]] == ["a.three", "a.two", "a.one"]
    assert second["next"] is None


async def test_what_came_after_a_row_is_asked_for_by_its_id(reader):
    await noted("a.one")
    seen = (await reader.get("/audit")).json()["items"][0]["id"]
    await noted("a.two")
    assert await listed(reader, after=seen) == ["a.two"]


async def test_rows_are_narrowed_by_action_member_and_actor(reader, member):
    ana = await member("Ana")
    await execute("TRUNCATE audit")
    await noted("members.revealed", member=ana)
    await noted("members.revealed")
    with acting_as(LIN):
        await noted("settings.changed")
    assert await listed(reader, member=str(ana)) == ["members.revealed"]
    assert await listed(reader, action="members.revealed") == ["members.revealed"] * 2
    assert await listed(reader, actor=str(LIN.staff_id)) == ["settings.changed"]


async def test_a_row_says_whether_it_is_sealed(reader):
    await noted("settings.changed")
    before = (await reader.get("/audit")).json()["items"][0]["seal"]
    await all_older_are_done()
    await seal_waiting("test")
    after = (await reader.get("/audit")).json()["items"][0]["seal"]
    assert (before, after) == (None, 1)


async def test_whoever_reads_the_audit_of_one_store_sees_that_stores_rows_alone(api_client, store):
    other = (await service.add_store("xh", name="Xuhui")).id
    await noted("settings.changed")
    await noted("members.revealed", store=store)
    await noted("members.exported", store=other)
    async with await api_client("audit.read", where=store) as client:
        assert "settings.changed" not in await listed(client)
        assert "members.exported" not in await listed(client)
        assert "members.revealed" in await listed(client)


async def test_without_the_right_there_is_no_audit(api_client, store):
    async with await api_client("members.read") as client:
        assert (await client.get("/audit")).status_code == 403
    with acting_as(Actor("staff", "Lin", (Grant(("members.read",), store),))), pytest.raises(Forbidden):
        await reading.page(reading.Filter())


async def test_a_day_is_the_businesss_own(store, system):
    with clock.frozen(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)):
        zone_day = clock.local_day(clock.now(), "Asia/Shanghai")
    begins, ends = reading._day(zone_day)
    assert begins == unusual.first_id(datetime(2026, 11, 19, 16, tzinfo=UTC))
    assert ends == unusual.first_id(datetime(2026, 11, 20, 16, tzinfo=UTC))


async def test_the_page_tells_who_did_what_in_words(owner, member):  # noqa: F811
    ana = await member("Ana López")
    await noted("members.revealed", member=ana, fields=["phone"], rows=1)
    page = (await owner.get("/settings/audit")).text
    assert "Revealed values" in page
    assert "Ana López" in page
    assert "Not sealed yet" in page


async def test_the_page_is_narrowed_by_group_and_day(owner):  # noqa: F811
    await noted("settings.changed", "plugins.enabled")
    page = (await owner.get("/settings/audit", params={"group": "plugins"})).text
    assert "Switched a plugin on" in page
    assert "Changed a setting" not in page
    assert "Nothing was noted here" in (await owner.get("/settings/audit", params={"day": "2020-01-01"})).text


async def test_an_action_of_a_plugin_that_is_gone_shows_its_code(owner):  # noqa: F811
    await noted("bakery.oven_opened")
    assert "bakery.oven_opened" in (await owner.get("/settings/audit")).text


async def test_what_the_owner_says_is_usual_is_kept(owner):  # noqa: F811
    values = {f"{who}_{kind}": "7" for who in unusual.USUAL for kind in unusual.KINDS}
    await send(owner, "/settings/audit/limits", **values)
    assert unusual.usual("staff", "revealed") == 7


async def test_a_limit_that_is_no_number_is_shown_again(owner):  # noqa: F811
    values = {f"{who}_{kind}": "lots" for who in unusual.USUAL for kind in unusual.KINDS}
    answered = await send(owner, "/settings/audit/limits", **values)
    assert answered.status_code == 422
    assert "give a whole number from 1" in answered.text


async def test_the_last_reveal_is_found_by_its_member(owner, member):  # noqa: F811
    ana, ben = await member("Ana"), await member("Ben")
    await noted("members.revealed", member=ben)
    page = (await owner.get("/settings/audit", params={"member": str(ana)})).text
    assert "Ben" not in page.split("</form>")[-1]
    assert await fetchval("SELECT count(*) FROM audit WHERE member = $1", ben) >= 1


def test_actions_are_called_by_words_in_english():
    assert translate(actions.label("settings.changed"), "en") == "Changed a setting"
