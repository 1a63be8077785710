"""Where one is signed in, and signing out from elsewhere."""

from __future__ import annotations

import re

from tessera.access import service
from tessera.kernel.database import fetchval

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"


async def test_each_browser_is_named_and_can_be_signed_out_from_another(browser, another, hire):
    await hire("ben", "cashier")
    async with another() as phone:
        phone.headers["User-Agent"] = IPHONE
        await phone.sign_in("ben")
        await browser.sign_in("ben")
        await browser.open("/preferences/browsers")
        assert "Safari · iPhone" in browser.seen
        session = re.search(r'name="session" value="([0-9a-f-]{36})"', browser.seen)[1]
        await browser.submit("/preferences/browsers", {"session": session})
        assert (await phone.open("/")).status_code == 303
        assert (await browser.open("/")).status_code == 200


async def test_all_others_are_signed_out_at_once_and_this_one_stays(browser, another, hire):
    await hire("ben", "cashier")
    async with another() as phone, another() as till:
        for one in (phone, till, browser):
            await one.sign_in("ben")
        await browser.open("/preferences/browsers")
        await browser.submit("/preferences/browsers", {"session": ""})
        assert [(await one.open("/")).status_code for one in (phone, till, browser)] == [303, 303, 200]


async def test_nobody_signs_another_person_out_there(browser, another, hire):
    await hire("ben", "cashier")
    await hire("cas", "cashier")
    async with another() as cas:
        await cas.sign_in("cas")
        foreign = await fetchval("SELECT s.id FROM session s JOIN staff p ON p.id = s.staff WHERE p.login = 'cas'")
        await browser.sign_in("ben")
        await browser.open("/preferences/browsers")
        assert (await browser.submit("/preferences/browsers", {"session": str(foreign)})).status_code == 404
        assert (await cas.open("/")).status_code == 200


async def test_who_manages_staff_signs_someone_out_everywhere(browser, another, hire):
    await hire("ana")
    person = await hire("ben", "cashier")
    async with another() as ben:
        await ben.sign_in("ben")
        await browser.sign_in("ana")
        await browser.open(f"/settings/staff/{person.id}")
        await browser.submit(f"/settings/staff/{person.id}/sign-out", {"session": ""})
        assert (await ben.open("/")).status_code == 303
    assert await service.seats(person.id) == []


async def test_a_sign_in_at_a_new_browser_is_noted_and_one_at_a_known_browser_is_not(browser, hire):
    await hire("ben", "cashier")
    await browser.sign_in("ben")
    await browser.open("/")
    await browser.submit("/sign-out")
    await browser.sign_in("ben")
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'access.signed_in_at_new_browser'") == 1
