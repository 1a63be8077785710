"""A member on one page and as JSON: from every room, also when a plugin fails or has gone."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import httpx

from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.desk.timeline import timeline, told_together
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.events import emit, importing
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import failures
from tessera.kernel.plugins.state import disable
from tessera.members.api import member_json


async def wave(member: UUID, times: int = 1, at: datetime | None = None) -> None:
    await in_transaction(lambda: emit("dummy.waved", member=member, times=times, occurred_at=at))


async def test_history_is_newest_first_and_goes_on_where_it_stopped(member, system):
    ana = await member("Ana")
    for day in range(1, 8):
        await wave(ana, at=datetime(2026, 1, day, tzinfo=UTC))
    first = await timeline(ana, kind="dummy.waved", limit=5)
    rest = await timeline(ana, kind="dummy.waved", limit=5, cursor=first.next)
    days = [line.at.day for line in (*first.lines, *rest.lines)]
    assert days == [7, 6, 5, 4, 3, 2, 1]
    assert rest.next is None


async def test_a_purchase_heads_the_story_of_its_visit_and_its_points(api: httpx.AsyncClient, member, system):
    ana = await member("Ana")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 12000}
    assert (await api.post("/purchases", json=sold)).status_code == 201
    lines = (await timeline(ana)).lines
    [story] = [s for s in told_together(lines) if s.head.kind.startswith("purchase")]
    assert {line.kind for line in story.also} == {"visit.recorded", "points.earned"}
    assert sum(1 + len(s.also) for s in told_together(lines)) == len(lines)


async def test_imported_history_says_so(member, system):
    ana = await member("Ana")
    with importing(uuid7()):
        await wave(ana)
    assert [line.origin for line in (await timeline(ana, kind="dummy.waved")).lines] == ["import"]


async def test_history_stays_readable_when_its_plugin_is_disabled(member, system):
    ana = await member("Ana")
    await wave(ana)
    await disable("dummy")
    [line] = (await timeline(ana, kind="dummy.waved")).lines
    assert (line.title, line.gone, line.plugin) == ("Waved", True, "Dummy")


async def test_history_stays_readable_when_its_kind_is_unknown_to_the_code(member, system):
    ana = await member("Ana")
    await wave(ana)
    await execute("UPDATE event SET kind = 'gone.danced', plugin = 'gone' WHERE kind = 'dummy.waved'")
    await execute(
        "INSERT INTO event_label (kind, plugin, title, icon) VALUES "
        "('gone.danced', 'gone', '{\"en\": \"Danced\", \"zh_Hans\": \"跳舞\"}', 'music')"
    )
    [line] = (await timeline(ana, kind="gone.danced")).lines
    assert (line.title, line.gone) == ("Danced", True)


async def test_a_timeline_reader_that_fails_leaves_the_title(member, system, plugin_host, monkeypatch):
    import dataclasses

    async def broken(_events):
        raise RuntimeError("no")

    known = plugin_host.event_kinds["dummy.waved"]
    event = dataclasses.replace(known.event, timeline=broken)
    monkeypatch.setitem(plugin_host.event_kinds, "dummy.waved", dataclasses.replace(known, event=event))
    failures.take()
    ana = await member("Ana")
    await wave(ana)
    [line] = (await timeline(ana, kind="dummy.waved")).lines
    assert (line.title, line.detail) == ("Waved", "")
    assert [f.plugin for f in failures.take()] == ["dummy"]


async def test_a_member_as_json_carries_balances(api: httpx.AsyncClient, member):
    ana = await member("Ana", phone="13800138000")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 12000}
    assert (await api.post("/purchases", json=sold)).status_code == 201
    answer = (await api.get(f"/members/{ana}")).json()
    assert answer["balances"] == {"points": 120}
    assert answer["last_purchase_at"] is not None


async def test_a_key_that_may_not_reveal_sees_a_masked_phone(api_client, member):
    ana = await member("Ana", phone="13800138000")
    async with await api_client("members.read") as client:
        assert (await client.get(f"/members/{ana}")).json()["phone"] == "138****8000"


async def test_balances_and_the_last_purchase_are_told_to_those_who_may_see_them(api, api_client, member, store):
    from tessera.access import service

    with system_actor():
        second = (await service.add_store("second", name="Second street")).id
    ana = await member("Ana")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 12000}
    assert (await api.post("/purchases", json=sold)).status_code == 201

    async def told(*permissions: str, where: UUID | None = None) -> tuple[object, bool]:
        async with await api_client("members.read", *permissions, where=where) as client:
            [found] = (await client.get("/members")).json()["items"]
            assert (await client.get(f"/members/{ana}")).json() == found
        return found["balances"], found["last_purchase_at"] is not None

    assert await told() == ({}, False)
    assert await told("points.read") == ({"points": 120}, False)
    assert await told("purchases.read", where=store) == ({}, True)
    reader = Grant(("members.read",)), Grant(("points.read", "purchases.read"), second)
    with acting_as(Actor("staff", "Lin", reader)):
        shown = await member_json(ana)
    assert (shown.balances, shown.last_purchase_at) == ({}, None)


async def test_a_member_as_json_owes_what_was_taken_back_after_it_was_spent(api: httpx.AsyncClient, member):
    ana = await member("Ana")
    sold = {"external_id": "1", "source": "till", "member": {"id": str(ana)}, "store": "main", "amount": 12000}
    spent = {"kind": "debit", "amount": 100, "reason": "Towel"}
    back = {"external_id": "2", "source": "till", "purchase_external_id": "1", "store": "main"}
    for address, body in [("/purchases", sold), (f"/members/{ana}/entries", spent), ("/returns", back)]:
        answer = await api.post(address, json=body)
        assert answer.status_code == 201, answer.text
    assert (await api.get(f"/members/{ana}")).json()["balances"] == {"points": -100}
    assert (await api.get(f"/members/{ana}/balances")).json()["points"]["available"] == -100


async def test_a_wrong_cursor_is_refused_in_words(api: httpx.AsyncClient, member):
    ana = await member("Ana")
    answer = await api.get(f"/members/{ana}/timeline", params={"cursor": "%%%"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_events_are_read_in_order_after_a_position(api: httpx.AsyncClient, member):
    from tessera.kernel import dispatcher

    for name in ("Ana", "Ben", "Cleo"):
        await member(name)
    await dispatcher.drain()
    first = (await api.get("/events", params={"kind": "member.created", "limit": 2})).json()
    rest = (await api.get("/events", params={"kind": "member.created", "after": first["next"]})).json()
    positions = [e["position"] for e in (*first["items"], *rest["items"])]
    assert positions == sorted(positions)
    assert len(positions) == 3
    assert rest["next"] is None


async def test_the_first_page_greets_a_new_member_of_staff(app, store):
    from tessera.access import service

    with system_actor():
        await service.add_staff("lin", "Lin", "a-long-password-7", role_code="owner")
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as browser:
        page = await browser.get("/sign-in", headers={"accept": "text/html"})
        token = page.text.split('name="_csrf" value="')[1].split('"')[0]
        form = {"login": "lin", "password": "a-long-password-7", "_csrf": token}
        page = await browser.post("/sign-in", data=form)
        assert "Nothing is waiting for you." in page.text


async def test_history_tells_no_amounts_to_those_who_may_not_see_them(api, api_client, member, store):
    from tessera.access import service

    with system_actor():
        second = (await service.add_store("second", name="Second street")).id
    ana = await member("Ana")
    for code in ("main", "second"):
        sold = {"external_id": code, "source": "till", "member": {"id": str(ana)}, "store": code, "amount": 12000}
        assert (await api.post("/purchases", json=sold)).status_code == 201

    async def titles(*permissions: str, where: UUID) -> list[str]:
        async with await api_client("members.read", *permissions, where=where) as till:
            told = (await till.get(f"/members/{ana}/timeline")).json()["items"]
        return sorted(line["title"] for line in told if line["kind"] in ("purchase.recorded", "points.earned"))

    points = ["120 points earned"] * 2
    assert await titles("purchases.read", "points.read", where=store) == [*points, "Bought for ¥120.00", "Purchase"]
    assert await titles("purchases.read", "points.read", where=second) == [*points, "Bought for ¥120.00", "Purchase"]
    assert await titles(where=store) == ["Points earned"] * 2 + ["Purchase"] * 2


async def test_a_position_that_no_number_can_be_is_a_wrong_value(api: httpx.AsyncClient):
    assert (await api.get("/events", params={"after": 10**30})).status_code == 422
    assert (await api.get("/events", params={"kind": "a\x00b"})).status_code == 422
