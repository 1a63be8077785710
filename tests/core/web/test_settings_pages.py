"""Settings of business, stores, staff, roles and keys, through their pages."""

from __future__ import annotations

import re

import pytest
from core.web.browser import PASSWORD

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.kernel.business import business as the_business


@pytest.fixture
async def owner(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    await browser.open("/")
    return browser


@pytest.mark.parametrize(
    "path",
    [
        "/settings/business",
        "/settings/stores",
        "/settings/stores/new",
        "/settings/stores/main",
        "/settings/staff",
        "/settings/staff/new",
        "/settings/tablets",
        "/settings/roles",
        "/settings/roles/new",
        "/settings/roles/cashier",
        "/settings/api-keys",
        "/settings/api-keys/new",
    ],
)
async def test_every_page_of_settings_opens_in_both_languages_for_the_owner_and_for_no_cashier(
    owner, hire, another, path
):
    for language in ("en", "zh-CN"):
        assert (await owner.open(path, headers={"Accept-Language": language})).status_code == 200
    await hire("cas", "cashier")
    async with another() as cashier:
        await cashier.sign_in("cas")
        assert (await cashier.open(path)).status_code == 403


async def test_the_page_of_a_person_shows_their_roles_and_not_those_of_whoever_looks(owner, hire):
    person = await hire("ben", "cashier", "main")
    await owner.open(f"/settings/staff/{person.id}")
    assert '<h1 class="page-title">Ben</h1>' in owner.seen
    assert "Main street" in owner.seen


async def test_the_business_is_renamed_and_keeps_its_currency(owner):
    form = {"name": "Harbour Club", "currency": "USD", "timezone": "Europe/Berlin", "locale": "zh_Hans"}
    await owner.submit("/settings/business", form)
    assert (the_business().name, the_business().currency) == ("Harbour Club", "CNY")
    assert (the_business().timezone, the_business().locale) == ("Europe/Berlin", "zh_Hans")


async def test_a_store_is_added_renamed_and_closed(owner):
    form = {"code": "XH", "name": "Xuhui", "timezone": "Asia/Shanghai", "currency": "CNY"}
    assert (await owner.submit("/settings/stores/new", form)).status_code == 303
    again = await owner.submit("/settings/stores/new", {**form, "code": "xh"})
    assert again.status_code == 409
    assert 'there is a store "xh" already' in owner.seen
    await owner.submit("/settings/stores/XH", {"name": "Xuhui Riverside", "timezone": "Asia/Shanghai"})
    store = service.store_by_code("XH")
    assert (store.name, store.active) == ("Xuhui Riverside", False)


async def test_a_cashier_is_invited_by_a_link_that_is_shown_once_and_comes_in_by_it(owner, another):
    await owner.open("/settings/staff/new")
    form = {"login": "ben", "name": "Ben", "role": "cashier", "store": "main"}
    shown = await owner.submit("/settings/staff/new", form)
    assert shown.headers["cache-control"] == "no-store"
    assert "data:image/png;base64," in owner.seen
    link = re.search(r"http://tessera.test(/join\?code=[\w-]{43})", owner.seen)[1]
    async with another() as ben:
        await ben.open(link)
        code = link.partition("=")[2]
        came = {"code": code, "login": "benny", "password": PASSWORD, "again": PASSWORD, "locale": "zh_Hans"}
        assert (await ben.submit("/join", came)).status_code == 303
        assert (await ben.open("/")).status_code == 200
        assert (await ben.open("/settings/staff")).status_code == 403
        assert (await ben.open(link)).status_code == 404
    assert (await service.by_login("benny")).name == "Ben"


async def test_a_login_that_is_taken_is_said_so_and_the_link_still_opens(owner, another):
    await owner.open("/settings/staff/new")
    await owner.submit("/settings/staff/new", {"name": "Ben", "role": "cashier", "store": ""})
    code = re.search(r"code=([\w-]{43})", owner.seen)[1]
    async with another() as ben:
        await ben.open(f"/join?code={code}")
        came = {"code": code, "login": "ana", "password": PASSWORD, "again": PASSWORD, "locale": "en"}
        assert (await ben.submit("/join", came)).status_code == 409
        assert 'someone signs in as "ana" already' in ben.seen
        assert (await ben.submit("/join", {**came, "login": "ben"})).status_code == 303


async def test_the_last_owner_can_neither_be_shut_out_nor_lose_the_role(owner):
    ana = await service.by_login("ana")
    answer = await owner.submit(f"/settings/staff/{ana.id}/active", {"active": ""})
    assert answer.status_code == 409
    assert "This is the last owner" in owner.seen
    answer = await owner.submit(f"/settings/staff/{ana.id}/roles", {"role": "owner", "store": "", "take": "yes"})
    assert answer.status_code == 422
    await owner.submit(f"/settings/staff/{ana.id}/roles", {"role": "cashier", "store": ""})
    answer = await owner.submit(f"/settings/staff/{ana.id}/roles", {"role": "owner", "store": "", "take": "yes"})
    assert answer.status_code == 409


async def test_a_new_password_signs_someone_out(owner, another, hire):
    person = await hire("ben", "cashier")
    async with another() as ben:
        await ben.sign_in("ben")
        await owner.open(f"/settings/staff/{person.id}")
        await owner.submit(f"/settings/staff/{person.id}/password", {"password": "another password"})
        assert (await ben.open("/")).status_code == 303
        assert (await ben.sign_in("ben", "another password")).status_code == 303


async def test_someone_who_manages_staff_cannot_give_rights_beyond_their_own(owner, another, hire):
    await owner.open("/settings/roles/new")
    rights = {"p.staff.write": "all", "p.members.read": "all"}
    await owner.submit("/settings/roles", {"code": "people", "title": "People", **rights})
    await hire("pat", "people")
    async with another() as pat:
        await pat.sign_in("pat")
        await pat.open("/settings/staff/new")
        form = {"login": "eve", "name": "Eve", "store": ""}
        assert (await pat.submit("/settings/staff/new", {**form, "role": "owner"})).status_code == 403
        assert "a right that you do not hold yourself" in pat.seen
        key = {"name": "mine", "permissions": ["points.adjust"], "days": ""}
        assert (await pat.submit("/settings/api-keys/new", key)).status_code == 403
        owner_id = (await service.by_login("ana")).id
        taken = await pat.submit(f"/settings/staff/{owner_id}/password", {"password": "mine now, thanks"})
        assert taken.status_code == 403
        widened = {"code": "people", "title": "People", **rights, "p.members.erase": "all"}
        assert (await pat.submit("/settings/roles", widened)).status_code == 403
        await pat.submit("/settings/staff/new", {**form, "role": "people"})
        assert "/join?code=" in pat.seen


async def test_a_key_is_shown_once_and_works_until_it_is_revoked(owner, another):
    await owner.open("/settings/api-keys/new")
    made = await owner.submit(
        "/settings/api-keys/new", {"name": "till 3", "permissions": ["points.read"], "days": "90"}
    )
    assert made.headers["cache-control"] == "no-store"
    key = re.search(r"tsr_[\w-]{43}", owner.seen)[0]
    async with another() as till:
        headers = {"Authorization": f"Bearer {key}"}
        assert (await till.get("/api/v1/points/3", headers=headers)).json()["actor"] == "till 3"
        await owner.open("/settings/api-keys")
        assert key not in owner.seen
        assert key[:12] in owner.seen
        with system_actor():
            facts = (await service.list_keys())[0]
        await owner.submit(f"/settings/api-keys/{facts.id}/revoke")
        assert (await till.get("/api/v1/points/3", headers=headers)).status_code == 401
