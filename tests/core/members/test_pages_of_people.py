"""Pages about who a member is: what a taken phone may mean, birthdays, cards and ids, family, consents, stores."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.app import make_app
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchval
from tessera.kernel.plugins import PluginHost
from tessera.members import service
from tessera.members.service import NewMember

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
PHONE = "13800138000"


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost):
    return make_app(plugin_host)


@pytest.fixture
async def lin(app, store: UUID):
    """The browser of someone at the front desk of the first store."""
    made = await access.add_staff("lin", "Lin", "correct horse 42", role_code="front_desk", store_code="main")
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        cookies={"tessera_session": await access.open_session(made.id)},
        headers={"Accept-Language": "en"},
    )
    async with client:
        yield client


async def send(client: httpx.AsyncClient, path: str, to: str | None = None, **values: object) -> httpx.Response:
    """Open the page of a form and send it."""
    token = TOKEN.search((await client.get(path)).text).group(1)
    return await client.post(to or path, data={"_csrf": token, **{k: str(v) for k, v in values.items()}})


async def _of(member):
    return [(i.value, i.is_contact) for i in await service.identities_of(member)]


# A taken phone


async def test_the_form_asks_what_a_taken_phone_is(lin, member):
    await member("李文", phone=PHONE, birthday="1990-02-28")
    page = await send(lin, "/members/new", name="王小小", phone=PHONE)
    offered = re.findall(r'name="taken" value="(\w+)"', page.text)
    assert (page.status_code, offered) == (409, ["typo", "same", "relative", "moved"])
    assert "138****8000" in page.text
    assert "1990-02-28" in page.text


async def test_the_same_person_is_opened_instead_of_made_twice(lin, member):
    wen = await member("李文", phone=PHONE)
    answer = await send(lin, "/members/new", name="李文", phone=PHONE, taken="same", taken_kind="phone")
    assert answer.headers["location"] == f"/members/{wen}"
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_a_relative_keeps_the_phone_as_contact_and_is_linked(lin, member):
    wen = await member("李文", phone=PHONE)
    answer = await send(
        lin, "/members/new", name="王小小", phone=PHONE, taken="relative", taken_kind="phone", tie="guardian"
    )
    child = UUID(answer.headers["location"].rpartition("/")[2])
    assert await _of(child) == [("+8613800138000", True)]
    assert await service.guardians_of(child) == [wen]


async def test_a_phone_that_changed_hands_moves(lin, member):
    wen = await member("李文", phone=PHONE)
    answer = await send(lin, "/members/new", name="赵六", phone=PHONE, taken="moved", taken_kind="phone")
    fresh = UUID(answer.headers["location"].rpartition("/")[2])
    assert (await _of(wen), await _of(fresh)) == ([], [("+8613800138000", False)])


async def test_a_typing_error_is_corrected_and_saved(lin, member):
    await member("李文", phone=PHONE)
    answer = await send(lin, "/members/new", name="赵六", phone="13900139000", taken="typo", taken_kind="phone")
    assert answer.status_code == 303


async def test_whose_phone_it_is_in_another_store_is_not_told_nor_moved(lin, store):
    other = (await access.add_store("xh", name="Xuhui")).id
    wen = await service.create_member(NewMember(name="李文", phone=PHONE, store=other))
    page = await send(lin, "/members/new", name="赵六", phone=PHONE)
    assert re.findall(r'name="taken" value="(\w+)"', page.text) == ["typo", "relative"]
    assert "ask the member to confirm it" in page.text
    assert [told for told in ("李文", str(wen)) if told in page.text] == []
    moved = await send(lin, "/members/new", name="赵六", phone=PHONE, taken="moved", taken_kind="phone")
    assert (moved.status_code, await _of(wen)) == (409, [("+8613800138000", False)])


async def test_a_changed_phone_that_moved_replaces_the_old_one(lin, member):
    wen, zhao = await member("李文", phone=PHONE), await member("赵六", phone="13900139000")
    answer = await send(
        lin, f"/members/{zhao}/edit", version=1, name="赵六", phone=PHONE, taken="moved", taken_kind="phone"
    )
    assert answer.status_code == 303
    assert (await _of(wen), await _of(zhao)) == ([], [("+8613800138000", False)])


# The profile


async def test_a_lunar_birthday_is_chosen_and_shown_again(lin):
    answer = await send(
        lin, "/members/new", name="Ana", calendar="lunar", lunar_year="2001", lunar_month="4", lunar_day="3",
        lunar_leap="yes", birthday="",
    )  # fmt: skip
    ana = UUID(answer.headers["location"].rpartition("/")[2])
    assert str((await service.member(ana)).birthday) == "lunar:2001-L04-03"
    page = (await lin.get(f"/members/{ana}/edit")).text
    assert 'name="lunar_year" value="2001"' in page
    assert '<option value="4" selected>4th month</option>' in page


async def test_a_lunar_day_without_its_month_is_refused_beside_it(lin):
    page = await send(lin, "/members/new", name="Ana", calendar="lunar", lunar_day="3")
    assert (page.status_code, "there is no month 0" in page.text) == (422, True)


async def test_a_birthday_without_its_year_survives_the_form(lin, member):
    ana = await member("Ana", birthday="--02-29")
    page = (await lin.get(f"/members/{ana}/edit")).text
    assert 'name="birthday" value="02-29"' in page
    await send(lin, f"/members/{ana}/edit", version=1, name="Ana", calendar="solar", birthday="02-29")
    assert str((await service.member(ana)).birthday) == "--02-29"


async def test_language_and_zone_are_chosen(lin, member):
    ana = await member("Ana")
    await send(lin, f"/members/{ana}/edit", version=1, name="Ana", language="zh_Hans", timezone="Europe/Berlin")
    view = await service.member(ana)
    assert (view.language, view.timezone) == ("zh_Hans", "Europe/Berlin")


async def test_a_resident_id_says_what_it_filled(lin):
    answer = await send(lin, "/members/new", name="Ana", resident_id="11010519491231002X")
    assert "Birthday and gender are those of the resident id" in (await lin.get(answer.headers["location"])).text


async def test_a_store_is_left_and_the_home_store_is_not(lin, store, member):
    other = (await access.add_store("xh", name="Xuhui")).id
    ana = await member("Ana")
    await execute("INSERT INTO member_store (member, store) VALUES ($1, $2)", ana, other)
    await service.leave_store(ana, other)
    assert await fetchval("SELECT count(*) FROM member_store") == 1
    refused = await send(lin, f"/members/{ana}/edit", f"/members/{ana}/stores/{store}/leave")
    assert "this is the home store" in (await lin.get(refused.headers["location"])).text


# Cards and ids


async def test_cards_and_ids_are_added_put_first_verified_and_removed(lin, member):
    ana = await member("Ana", phone=PHONE)
    at = f"/members/{ana}/identities"
    await send(lin, at, kind="phone", value="13900139000", verified="yes")
    second = (await service.identities_of(ana))[1].id
    await send(lin, at, f"{at}/{second}", do="primary")
    assert await _of(ana) == [("+8613900139000", False), ("+8613800138000", False)]
    await send(lin, at, f"{at}/{second}", do="remove")
    assert await _of(ana) == [("+8613800138000", False)]
    page = (await lin.get(at)).text
    assert PHONE not in page
    assert "138****8000" in page


async def test_a_taken_card_may_have_changed_hands(lin, member):
    ben, ana = await member("Ben", identities=[("card", "C001")]), await member("Ana")
    at = f"/members/{ana}/identities"
    page = await send(lin, at, kind="card", value="C001")
    assert re.findall(r'name="taken" value="(\w+)"', page.text) == ["typo", "same", "moved"]
    await send(lin, at, kind="card", value="C001", taken="moved")
    assert (await _of(ben), await _of(ana)) == ([], [("C001", False)])


# Family


async def test_a_guardian_is_found_and_linked_and_stands_on_both_pages(lin, member):
    child, mother = await member("王小小"), await member("李文", phone=PHONE)
    at = f"/members/{child}/links"
    found = await send(lin, at, f"{at}/find", q="liwen")
    assert f'value="{mother}"' in found.text
    await send(lin, at, role="guardian", other=mother)
    page = (await lin.get(f"/members/{child}")).text
    assert "Guardian" in page
    assert f'href="/members/{mother}"' in page
    assert f'href="/members/{child}"' in (await lin.get(f"/members/{mother}")).text


async def test_someone_new_is_made_with_the_link_in_one_go(lin, member):
    child = await member("王小小")
    await send(lin, f"/members/{child}/links", role="guardian", new_name="李文", new_phone=PHONE)
    assert [one.title for one in await service.links_of(child)] == ["李文"]


async def test_someone_new_whose_phone_is_known_is_offered_instead(lin, member):
    child, mother = await member("王小小"), await member("李文", phone=PHONE)
    page = await send(lin, f"/members/{child}/links", role="guardian", new_name="李文", new_phone=PHONE)
    assert (page.status_code, f'value="{mother}" checked' in page.text) == (409, True)


async def test_a_link_is_removed(lin, member):
    child, mother = await member("王小小"), await member("李文")
    made = await service.link(child, "guardian", mother)
    await send(lin, f"/members/{child}/links", f"/members/{child}/links/{made}/remove")
    assert await service.links_of(child) == []


# Consents


async def test_the_page_asks_for_a_guardian_of_a_child_and_shows_what_was_said(lin, member):
    young = str(business().today() - timedelta(days=5 * 365))
    child, mother = await member("王小小", birthday=young), await member("李文")
    at = f"/members/{child}/consents"
    refused = await send(lin, at, **{"marketing.sms": "granted"})
    assert (refused.status_code, "link a guardian first" in refused.text) == (422, True)
    await service.link(child, "guardian", mother)
    await send(lin, at, **{"marketing.sms": "granted", "guardian": mother, "wording": "May we write?"})
    page = (await lin.get(at)).text
    assert "said by the guardian 李文" in page
    assert "written down by Lin" in page
    assert "May we write?" in page


async def test_a_child_who_is_new_does_not_agree_by_a_tick(lin):
    young = str(business().today() - timedelta(days=5 * 365))
    page = await send(lin, "/members/new", name="王小小", birthday=young, agreed="sms")
    assert (page.status_code, "link a guardian first" in page.text) == (422, True)
    assert await fetchval("SELECT count(*) FROM member") == 0
