"""Finding by name: lists and searches that go on from page to page, and the one box."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service as access
from tessera.kernel.database import execute, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.members import service
from tessera.members.service import Narrowing, NewMember, fields

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
FOUND = re.compile(r'href="/members/([0-9a-f-]{36})" data-found')


async def pages(q: str, size: int) -> list[list[UUID]]:
    """All pages of a search."""
    found: list[list[UUID]] = [await service.search_ids(q, size)]
    while len(found[-1]) == size:
        found.append(await service.search_ids(q, size, after=found[-1][-1]))
    return found


async def test_a_search_goes_on_where_the_page_before_ended(store):
    for n in range(7):
        await service.create_member(NewMember(name=f"王{'安芳伟丽静强磊'[n]}"))
    found = await pages("wang", 3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert [one for page in found for one in page] == await service.search_ids("wang")


async def test_no_member_stands_on_two_pages_though_several_words_match(store):
    for name in ("Wang Wei Wong", "Wendy Wu", "William West", "Wang Wu"):
        await service.create_member(NewMember(name=name))
    found = [one for page in await pages("w", 1) for one in page]
    assert len(found) == len(set(found)) == 4


@given(
    st.lists(st.sampled_from(["王安", "王芳", "Wang An", "Ann Wang", "万安安", "An An"]), max_size=8),
    st.sampled_from(["a", "an", "w", "wang", "an wang"]),
    st.integers(1, 4),
)
async def test_pages_together_are_the_whole(store, made, q, size):
    await execute("DELETE FROM member_token")
    for name in made:
        await service.create_member(NewMember(name=name))
    assert [one for page in await pages(q, size) for one in page] == await service.search_ids(q)


async def test_the_cursor_of_someone_who_is_not_found_is_refused(store):
    await service.create_member(NewMember(name="王安"))
    other = await service.create_member(NewMember(name="Ana"))
    with pytest.raises(Invalid, match="not one that was given here"):
        await service.search_ids("wang", 5, after=other)


async def test_a_cursor_of_another_store_is_refused(store, as_cashier):
    other = (await access.add_store("xh", name="Xuhui")).id
    hidden = await service.create_member(NewMember(name="王安", store=store))
    with as_cashier(other), pytest.raises(Invalid, match="not one that was given here"):
        await service.search_ids("wang", 5, after=hidden)


@pytest.mark.parametrize("q", ["13800138000", "138001", "80013", "38000", "ana@example.com", "C-77", "13607"])
async def test_a_search_by_name_finds_nobody_by_what_is_masked(store, q):
    await service.create_member(
        NewMember(
            name="Ana",
            phone="13800138000",
            email="ana@example.com",
            identities=[("card", "C-77"), ("external", "till:13607")],
        )
    )
    await execute("UPDATE member SET number = 'M'")
    assert await service.search_ids(q) == []


async def tagged(member: UUID, name: str) -> None:
    tag = uuid7()
    await execute("INSERT INTO tag (id, name, tone, plugin, created_at) VALUES ($1, $2, '', 'core', now())", tag, name)
    await execute("INSERT INTO member_tag (member, tag, at, actor) VALUES ($1, $2, now(), '')", member, tag)


async def test_lists_are_narrowed_by_stage_tag_and_store(store):
    other = (await access.add_store("xh", name="Xuhui")).id
    ana = await service.create_member(NewMember(name="Ana", stage="active", store=store))
    ben = await service.create_member(NewMember(name="Anna", stage="lost", store=other))
    await tagged(ana, "Yoga")
    for narrowing, wanted in (
        (Narrowing(stage="active"), [ana]),
        (Narrowing(stage="lost"), [ben]),
        (Narrowing(tag="yoga"), [ana]),
        (Narrowing(tag="pool"), []),
        (Narrowing(store=other), [ben]),
        (Narrowing(store, "lost", "yoga"), []),
        (Narrowing(), [ana, ben]),
    ):
        assert set(await service.search_ids("an", 50, narrowing)) == set(wanted)
        assert {one.id for one in await service.newest(50, narrowing)} == set(wanted)


async def test_the_api_pages_through_what_was_found(store, api):
    for n in range(5):
        await service.create_member(NewMember(name=f"王{'安芳伟丽静'[n]}"))
    first = (await api.get("/members", params={"q": "wang", "limit": 3})).json()
    rest = (await api.get("/members", params={"q": "wang", "limit": 3, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 2, None)


@pytest.mark.parametrize("name", ["tier", "segment", "stage", "cursor", "store"])
async def test_the_api_refuses_a_filter_that_it_cannot_keep(store, api, name):
    answer = await api.get("/members", params={"q": "wang", name: "gold"})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [name]


async def test_the_api_finds_no_exact_identity_by_a_search(store, api):
    await service.create_member(NewMember(name="Ana", phone="13800138000"))
    assert (await api.get("/members", params={"q": "13800138000"})).json()["items"] == []


async def apart(*members: NewMember) -> list[list[str]]:
    """What is said of namesakes, one after another."""
    ids = [await service.create_member(one) for one in members]
    said = await service.told_apart(await service.lines(ids))
    return [[str(words) for words in said.get(id_, [])] for id_ in ids]


async def test_namesakes_are_told_apart_by_the_year_of_birth(store):
    assert await apart(
        NewMember(name="王伟", birthday="1990-02-28", phone="13800138000"),
        NewMember(name="王伟", birthday="1985-02-28", phone="13800138001"),
    ) == [["born in 1990"], ["born in 1985"]]


async def test_what_namesakes_have_in_common_is_not_said(store):
    assert await apart(
        NewMember(name="王伟", birthday="1990-02-28", phone="13800138000"),
        NewMember(name="王伟", birthday="1990-02-28", phone="13900139000"),
    ) == [["138****8000"], ["139****9000"]]


async def test_a_third_thing_is_said_where_two_still_read_alike(store):
    other = (await access.add_store("xh", name="Xuhui")).id
    assert await apart(
        NewMember(name="Ana", birthday="1990-02-28", store=store),
        NewMember(name="Ana", birthday="1985-02-28", store=store),
        NewMember(name="ana", birthday="1985-02-28", store=other),
    ) == [["born in 1990", "Main street"], ["born in 1985", "Main street"], ["born in 1985", "Xuhui"]]


async def test_nothing_is_said_of_whom_nobody_shares_a_name_with(store):
    assert await apart(NewMember(name="Ana"), NewMember(name="Ben"), NewMember(phone="13800138000")) == [[], [], []]


@pytest.fixture
async def desk(app, store) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which a cashier of a second store is signed in."""
    await access.add_store("xh", name="Xuhui")
    made = await access.add_staff("lin", "Lin", "correct horse 42", role_code="cashier", store_code="xh")
    cookies = {"tessera_session": await access.open_session(made.id)}
    transport = httpx.ASGITransport(app)
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies, headers=headers) as one:
        yield one


async def box(client: httpx.AsyncClient, q: str, *, typing: bool = True, part: str = "list") -> httpx.Response:
    """Type into the box, or send it."""
    token = TOKEN.search((await client.get("/members/new")).text)
    headers = {"HX-Request": "true"} if typing else {}
    body = {"_csrf": token.group(1), "part": part, "q": q} if token else {}
    return await client.post("/members/find", data=body, headers=headers)


async def test_the_box_shows_lines_while_one_types(desk):
    ana = await service.create_member(NewMember(name="王小伟", store=access.store_by_code("xh").id))
    answer = await box(desk, "wxw")
    assert FOUND.findall(answer.text) == [str(ana)]
    assert "<html" not in answer.text


async def test_a_name_finds_only_members_of_ones_stores(desk, store):
    await service.create_member(NewMember(name="王小伟", store=store))
    assert FOUND.findall((await box(desk, "王小伟")).text) == []


async def test_a_whole_phone_finds_in_the_circle(desk, store):
    ana = await service.create_member(NewMember(name="Ana", phone="13800138000", store=store))
    assert FOUND.findall((await box(desk, "1380013800")).text) == []
    assert FOUND.findall((await box(desk, "138 0013 8000")).text) == [str(ana)]


async def test_a_part_of_a_phone_is_no_lookup(desk, store):
    for text in ("1", "138", "1380013800", "wang", "王", "8000"):
        await box(desk, text)
    assert await fetchval("SELECT count(*) FROM audit WHERE action LIKE 'members.look%'") == 0


async def test_a_card_is_looked_up_when_it_is_sent_and_opens_its_member(desk, store):
    ana = await service.create_member(NewMember(name="Ana", identities=[("card", "C-77")], store=store))
    assert FOUND.findall((await box(desk, "C-77")).text) == []
    sent = await box(desk, "C-77", typing=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/members/{ana}")


async def test_a_sensitive_field_of_the_business_is_looked_up_when_it_is_sent(desk):
    await fields.make_field("locker", "text", {"en": "Locker"}, sensitive=True, searchable=True)
    here = access.store_by_code("xh").id
    ana = await service.create_member(NewMember(name="Ana", store=here, custom={"locker": "L-77"}))
    assert FOUND.findall((await box(desk, "L-77")).text) == []
    assert (await box(desk, "L-77", typing=False)).headers["location"] == f"/members/{ana}"
    assert await fetchval("SELECT member FROM audit WHERE action = 'members.looked_up'") == ana


async def test_a_sensitive_field_finds_nobody_of_another_store(desk, store):
    await fields.make_field("locker", "text", {"en": "Locker"}, sensitive=True, searchable=True)
    await service.create_member(NewMember(name="Ana", store=store, custom={"locker": "L-77"}))
    assert (await box(desk, "L-77", typing=False)).status_code == 200


async def test_a_mothers_phone_offers_her_and_her_children(desk, store):
    mother = await service.create_member(NewMember(name="李文", phone="13800138000", store=store))
    child = await service.create_member(
        NewMember(name="王小小", phone="13800138000", when_taken="contact", store=store)
    )
    found = await box(desk, "13800138000", typing=False)
    assert FOUND.findall(found.text) == [str(mother), str(child)]
    assert (await desk.get(f"/members/{child}")).status_code == 200


async def test_what_a_plugin_finds_stands_in_the_box(desk, business):
    ana = await service.create_member(NewMember(name="Ana", store=access.store_by_code("xh").id))
    await execute("INSERT INTO dummy.seen (id, what, about, at) VALUES ($1, 'badge 17', $2, now())", uuid7(), ana)
    assert FOUND.findall((await box(desk, "17")).text) == [str(ana)]


async def test_too_many_lookups_are_said_among_the_results_and_names_still_find(desk):
    ana = await service.create_member(NewMember(name="Mobile 13800138000", store=access.store_by_code("xh").id))
    for n in range(60):
        await box(desk, f"1390013{n:04}")
    answer = await box(desk, "13800138000")
    assert answer.status_code == 200
    assert "Too many were looked up" in answer.text
    assert FOUND.findall(answer.text) == [str(ana)]


async def test_an_empty_box_of_the_header_shows_nothing(desk):
    await service.create_member(NewMember(name="Ana", store=access.store_by_code("xh").id))
    assert (await box(desk, "", part="header")).text == ""
    assert len(FOUND.findall((await box(desk, "")).text)) == 1


@pytest.mark.parametrize("path", ["/", "/members", "/members/new"])
async def test_what_is_typed_never_stands_in_an_address(desk, path):
    await service.create_member(NewMember(name="Ana", store=access.store_by_code("xh").id))
    page = (await desk.get(path)).text
    assert page.count('role="search"') == 1
    assert re.search(r'<form[^>]*action="/members/find" method="post"', page)
    assert "hx-get" not in page


async def test_the_box_leads_to_where_it_was_asked_to_and_never_off_this_site(desk):
    ana = await service.create_member(NewMember(name="Ana", store=access.store_by_code("xh").id))
    token = TOKEN.search((await desk.get("/members/new")).text).group(1)
    led = []
    for goal in ("/fitness/body-tests/new", "https://example.com/", "//example.com"):
        answer = await desk.post("/members/find", data={"_csrf": token, "q": "ana", "goal": goal})
        led += re.findall(r'href="([^"]*)" data-found', answer.text)
    assert led == [f"/fitness/body-tests/new?member={ana}", f"/members/{ana}", f"/members/{ana}"]
