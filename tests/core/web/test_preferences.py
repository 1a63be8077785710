"""Language, appearance and the store one works in."""

from __future__ import annotations

import pytest
from core.web.browser import PASSWORD

from tessera.access import service
from tessera.access.actor import system_actor


async def test_the_language_follows_the_browser_until_someone_chooses(browser, hire):
    await hire("ana")
    await browser.open("/sign-in", headers={"Accept-Language": "fr, zh-TW;q=0.8, en;q=0.5"})
    assert '<html lang="zh-Hans"' in browser.seen
    await browser.submit("/preferences", {"locale": "en", "next": "/sign-in"})
    await browser.open("/sign-in", headers={"Accept-Language": "zh"})
    assert '<html lang="en"' in browser.seen


async def test_a_persons_language_and_look_follow_them_to_another_browser(browser, another, hire):
    await hire("ana")
    await browser.sign_in("ana")
    await browser.open("/")
    await browser.submit("/preferences", {"locale": "zh_Hans", "theme": "dark", "next": "/"})
    async with another() as phone:
        await phone.sign_in("ana")
        await phone.open("/")
        assert 'lang="zh-Hans" data-theme="dark" data-bs-theme="dark"' in phone.seen


async def test_without_a_choice_the_device_decides_between_light_and_dark(browser, hire):
    await hire("ana")
    await browser.open("/sign-in")
    assert 'data-theme="auto"' in browser.seen
    assert "data-bs-theme=" not in browser.seen.split(">")[1]


@pytest.mark.parametrize(
    "cookie", ["tessera_theme", "tessera_locale", "tessera_flash", "tessera_session", "tessera_device"]
)
async def test_nonsense_in_cookies_disturbs_nothing(browser, hire, cookie):
    await hire("ana")
    for nonsense in ("x" * 3000, '"><script>', "%00%ff", "a.b", "{}"):
        answer = await browser.get("/sign-in", headers={"Cookie": f"{cookie}={nonsense}"})
        assert answer.status_code == 200
        assert "<script>" not in answer.text.replace("<script src", "")


async def test_a_person_works_in_one_of_their_stores(browser, hire):
    await hire("ana")
    with system_actor():
        await service.add_store("XH", "Xuhui")
        await service.add_store("PD", "Pudong")
    person = await hire("ben", "cashier", "XH")
    with system_actor():
        await service.set_roles(person.id, [("cashier", s.id) for s in service.stores() if s.code in {"XH", "main"}])
    await browser.sign_in("ben")
    await browser.open("/")
    assert "Pudong" not in browser.seen
    assert (await browser.submit("/preferences/store", {"store": "XH", "next": "/"})).status_code == 303
    await browser.open("/")
    assert 'class="dropdown-item active" name="store" value="XH"' in browser.seen
    assert (await browser.submit("/preferences/store", {"store": "PD", "next": "/"})).status_code == 403


async def test_changing_ones_password_signs_out_other_browsers_and_not_this_one(browser, another, hire):
    await hire("ana")
    await browser.sign_in("ana")
    async with another() as phone:
        await phone.sign_in("ana")
        await browser.open("/preferences/password")
        wrong = {"old": "not it at all", "password": "new horse battery", "again": "new horse battery"}
        assert (await browser.submit("/preferences/password", wrong)).status_code == 422
        assert "this is not your present password" in browser.seen
        await browser.submit("/preferences/password", {**wrong, "old": PASSWORD})
        assert (await phone.open("/")).status_code == 303
    assert (await browser.open("/")).status_code == 200
    assert "Your password was changed." in browser.seen
