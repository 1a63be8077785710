"""A shared tablet: a tap on a name, a PIN, and the next person works."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from core.web.browser import PASSWORD, Browser

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.access.service import tablets
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval


@pytest.fixture
async def tablet(browser, hire):
    """The tablet at the desk of the main street, shared by its owner; Ben and Cas have PINs."""
    await hire("ana")
    await browser.sign_in("ana")
    for login, pin in (("ben", "4711"), ("cas", "908172")):
        person = await hire(login, "cashier", "main")
        await tablets.set_pin(person.id, pin, PASSWORD)
    await browser.open("/settings/tablets")
    await browser.submit("/settings/tablets", {"name": "Front desk", "store": "main"})
    await browser.open("/")
    await browser.submit("/sign-out")
    return browser


async def switch(tablet: Browser, login: str, pin: str):
    """Tap a name and type a PIN."""
    staff = (await service.by_login(login)).id
    await tablet.open(f"/switch/{staff}")
    return await tablet.submit(f"/switch/{staff}", {"pin": pin})


async def test_two_taps_and_a_pin_let_the_next_person_work(tablet):
    wall = await tablet.open("/switch")
    assert wall.status_code == 200
    names = re.findall(r'href="(/switch/[^"]+)".*?fw-bold text-break">([^<]+)<', tablet.seen)
    assert [name for _url, name in names] == ["Ben", "Cas"]
    await tablet.open(names[0][0])
    answer = await tablet.submit(names[0][0], {"pin": "4711"})
    assert answer.headers["location"] == "/"
    await tablet.open("/")
    assert '<div class="dropdown-header">Ben</div>' in tablet.seen


async def test_the_next_person_ends_the_session_of_the_one_before(tablet):
    await switch(tablet, "ben", "4711")
    stolen = tablet.cookies["tessera_session"]
    await switch(tablet, "cas", "908172")
    assert await service.resume(stolen) is None
    assert await fetchval("SELECT count(*) FROM session WHERE device IS NOT NULL") == 1


async def test_signing_out_and_waiting_lead_back_to_the_names(tablet):
    await switch(tablet, "ben", "4711")
    await tablet.open("/")
    assert 'data-idle="300"' in tablet.seen
    assert (await tablet.submit("/sign-out")).headers["location"] == "/switch"
    assert (await tablet.open("/")).headers["location"] == "/sign-in"
    assert (await tablet.open("/sign-in")).headers["location"] == "/switch"
    assert (await tablet.open("/sign-in?password=1")).status_code == 200


async def test_a_session_at_the_tablet_ends_after_ten_minutes_however_it_was_opened(tablet):
    start = clock.now()
    with clock.frozen(start):
        await tablet.open("/sign-in?password=1")
        await tablet.submit("/sign-in", {"login": "ben", "password": PASSWORD})
    with clock.frozen(start + timedelta(minutes=9)):
        assert (await tablet.open("/")).status_code == 200
    with clock.frozen(start + timedelta(minutes=18)):
        assert (await tablet.open("/")).status_code == 200
    with clock.frozen(start + timedelta(minutes=29)):
        assert (await tablet.open("/")).status_code == 303


async def test_a_pin_works_in_no_other_browser(tablet, another):
    ben = (await service.by_login("ben")).id
    async with another() as elsewhere:
        assert (await elsewhere.open("/switch")).headers["location"] == "/sign-in?password=1"
        assert (await elsewhere.open(f"/switch/{ben}")).headers["location"] == "/switch"
        await elsewhere.open("/sign-in")
        assert (await elsewhere.submit(f"/switch/{ben}", {"pin": "4711"})).headers["location"] == "/sign-in?password=1"
        assert (await elsewhere.open("/")).status_code == 303


async def test_a_tablet_that_is_shared_no_more_signs_everyone_out(tablet):
    await switch(tablet, "ben", "4711")
    with system_actor():
        await tablets.unshare((await tablets.tablets())[0].id)
    assert (await tablet.open("/")).status_code == 303
    assert (await tablet.open("/switch")).headers["location"] == "/sign-in?password=1"


async def test_a_pin_does_not_reach_what_concerns_the_business(tablet, hire):
    person = await hire("olga", "owner")
    await tablets.set_pin(person.id, "7294", PASSWORD)
    await switch(tablet, "olga", "7294")
    assert (await tablet.open("/")).status_code == 200
    assert (await tablet.open("/settings/staff")).status_code == 403
    assert (await tablet.open("/settings/business")).status_code == 403


async def test_wrong_pins_wait_twice_as_long_each_time(tablet):
    at, waits = clock.now(), []
    for _ in range(9):
        with clock.frozen(at):
            await switch(tablet, "ben", "0000")
            until = await fetchval("SELECT blocked_until FROM pin_attempt")
        waits.append((until - at).total_seconds())
        at = until + timedelta(seconds=1)
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64]


async def test_after_ten_wrong_pins_only_the_password_opens_and_it_was_never_locked(tablet):
    at = clock.now()
    for _ in range(10):
        with clock.frozen(at):
            await switch(tablet, "ben", "0000")
        at += timedelta(minutes=6)
    with clock.frozen(at + timedelta(days=3)):
        assert (await switch(tablet, "ben", "4711")).status_code == 401
        assert "Too many wrong PINs: sign in with your password." in tablet.seen
        await tablet.open("/sign-in?password=1")
        assert (await tablet.submit("/sign-in", {"login": "ben", "password": PASSWORD})).status_code == 303
        assert (await switch(tablet, "ben", "4711")).status_code == 303


async def test_many_guesses_at_once_do_not_slip_past_the_count(tablet, another):
    import asyncio

    ben = (await service.by_login("ben")).id
    token = tablet.cookies["tessera_shared"]
    await asyncio.gather(*[tablets.switch(token, ben, "0000") for _ in range(30)], return_exceptions=True)
    assert await fetchval("SELECT failures FROM pin_attempt") <= 3


async def test_neither_pin_nor_the_tablets_token_stands_in_the_database(tablet):
    token = tablet.cookies["tessera_shared"]
    row = (await fetch("SELECT token_hash FROM device"))[0]
    assert token.encode() not in row["token_hash"]
    stored = await fetchval("SELECT pin_hash FROM staff WHERE login = 'ben'")
    assert stored.startswith("$argon2id$")


@pytest.mark.parametrize("pin", ["0000", "1234", "4321", "7777", "123456", "1212", "12", "1234567", "12a4", "١٢٣٤"])
async def test_a_pin_that_anyone_would_try_first_is_refused(hire, browser, pin):
    await hire("ben", "cashier")
    await browser.sign_in("ben")
    await browser.open("/preferences/pin")
    answer = await browser.submit("/preferences/pin", {"pin": pin, "again": pin, "password": PASSWORD})
    assert answer.status_code == 422


async def test_choosing_a_pin_takes_the_password(hire, browser):
    person = await hire("ben", "cashier")
    await browser.sign_in("ben")
    await browser.open("/preferences/pin")
    wrong = await browser.submit("/preferences/pin", {"pin": "4711", "again": "4711", "password": "not mine"})
    assert wrong.status_code == 422
    await browser.submit("/preferences/pin", {"pin": "4711", "again": "4711", "password": PASSWORD})
    assert (await service.one(person.id)).has_pin


async def test_someone_of_another_store_is_not_among_the_names_and_no_pin_of_theirs_opens(tablet, hire):
    with system_actor():
        await service.add_store("other", "Other street")
    person = await hire("eve", "cashier", "other")
    await tablets.set_pin(person.id, "7294", PASSWORD)
    await tablet.open("/switch")
    assert "Eve" not in tablet.seen
    with pytest.raises(tablets.WrongPin):
        await tablets.switch(tablet.cookies["tessera_shared"], person.id, "7294")


async def test_only_who_manages_the_stores_staff_can_share_a_browser_there(browser, hire):
    with system_actor():
        await service.add_store("other", "Other street")
        await service.keep_role("people", "People", ["staff.write"])
    await hire("pat", "people", "main")
    await browser.sign_in("pat")
    await browser.open("/settings/tablets")
    answer = await browser.submit("/settings/tablets", {"name": "Mine", "store": "other"})
    assert answer.status_code == 403


async def test_more_tablets_do_not_give_more_guesses(tablet):
    ben, main = (await service.by_login("ben")).id, service.store_by_code("main").id
    at = clock.now()
    for n in range(4):
        with system_actor():
            token = await tablets.share(main, f"Tablet {n}")
        for _ in range(10):
            with clock.frozen(at):
                await refused(token, ben)
            at += timedelta(minutes=6)
    assert await fetchval("SELECT sum(failures) FROM pin_attempt") == tablets.MOST_ANYWHERE
    with clock.frozen(at), pytest.raises(tablets.PinSpent):
        await tablets.switch(token, ben, "4711")


async def refused(token, person):
    with pytest.raises((tablets.WrongPin, tablets.PinSpent)):
        await tablets.switch(token, person, "0000")
