"""Signing in, staying signed in, and what is told to those who guess."""

from __future__ import annotations

from datetime import timedelta

from core.web.browser import PASSWORD

from tessera.kernel import clock
from tessera.kernel.database import fetchrow, fetchval


async def test_the_right_password_opens_the_page_that_was_wanted(browser, hire):
    await hire("ana")
    wanted = await browser.open("/settings/staff?x=1")
    assert wanted.headers["location"] == "/sign-in?next=/settings/staff%3Fx%3D1"
    await browser.open(wanted.headers["location"])
    answer = await browser.submit("/sign-in", {"login": " Ana ", "password": PASSWORD, "next": "/settings/staff?x=1"})
    assert answer.headers["location"] == "/settings/staff?x=1"
    assert (await browser.open("/settings/staff")).status_code == 200


async def test_signing_in_never_leads_to_a_foreign_site(browser, hire):
    await hire("ana")
    for trap in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\n//evil.example",
    ):
        answer = await browser.sign_in("ana", next=trap)
        assert answer.headers["location"] == "/"
        await browser.open("/")
        await browser.submit("/sign-out")


async def test_a_wrong_password_and_an_unknown_login_are_answered_alike(browser, hire):
    await hire("ana")
    wrong = await browser.sign_in("ana", "wrong password")
    assert "Login or password is wrong." in browser.seen
    unknown = await browser.sign_in("nobody", "wrong password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "Login or password is wrong." in browser.seen


async def test_the_password_is_not_sent_back(browser, hire):
    await hire("ana")
    await browser.sign_in("ana", "guessed-wrong-11")
    assert "guessed-wrong-11" not in browser.seen
    assert 'value="ana"' in browser.seen


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_its_token_is_not_in_the_database(browser, hire):
    await hire("ana")
    answer = await browser.sign_in("ana")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("tessera_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    token = browser.cookies["tessera_session"]
    row = await fetchrow("SELECT token_hash, user_agent FROM session")
    assert token.encode() not in row["token_hash"]
    assert len(row["token_hash"]) == 32


async def test_signing_in_again_ends_the_earlier_session_of_this_browser(browser, hire, another):
    await hire("ana")
    await browser.sign_in("ana")
    stolen = browser.cookies["tessera_session"]
    page = await browser.open("/")
    assert page.status_code == 200
    await browser.submit("/sign-in", {"login": "ana", "password": PASSWORD})
    async with another() as thief:
        thief.cookies.set("tessera_session", stolen)
        assert (await thief.open("/")).status_code == 303


async def test_signing_out_ends_the_session_everywhere_it_was_copied_to(browser, hire, another):
    await hire("ana")
    await browser.sign_in("ana")
    copied = browser.cookies["tessera_session"]
    await browser.open("/")
    await browser.submit("/sign-out")
    async with another() as thief:
        thief.cookies.set("tessera_session", copied)
        assert (await thief.open("/")).status_code == 303


async def test_a_session_ends_after_twelve_idle_hours_and_after_thirty_days_at_most(browser, hire):
    await hire("ana")
    start = clock.now()
    with clock.frozen(start):
        await browser.sign_in("ana")
    with clock.frozen(start + timedelta(hours=11)):
        assert (await browser.open("/")).status_code == 200
    with clock.frozen(start + timedelta(hours=22)):
        assert (await browser.open("/")).status_code == 200
    with clock.frozen(start + timedelta(hours=35)):
        assert (await browser.open("/")).status_code == 303


async def test_no_session_outlives_thirty_days_however_busy(browser, hire):
    await hire("ana")
    start = clock.now()
    with clock.frozen(start):
        await browser.sign_in("ana")
    for hours in range(8, 720, 8):
        with clock.frozen(start + timedelta(hours=hours)):
            assert (await browser.open("/")).status_code == 200
    with clock.frozen(start + timedelta(days=30, seconds=1)):
        assert (await browser.open("/")).status_code == 303


async def test_the_sixth_wrong_guess_waits_and_says_how_long(browser, hire):
    await hire("ana")
    for _ in range(5):
        assert (await browser.sign_in("ana", "wrong password")).status_code == 401
    held = await browser.sign_in("ana", PASSWORD)
    assert held.status_code == 429
    assert 1 <= int(held.headers["retry-after"]) <= 3
    assert "Too many attempts" in browser.seen


async def test_waiting_doubles_with_each_further_guess_up_to_a_quarter_of_an_hour(browser, hire):
    await hire("ana")
    at, waits = clock.now(), []
    for _ in range(16):
        with clock.frozen(at):
            await browser.sign_in("ana", "wrong password")
            until = await fetchval("SELECT max(blocked_until) FROM sign_in_attempt WHERE scope = 'pair'")
        waits.append((until - at).total_seconds())
        at = max(until, at) + timedelta(seconds=1)
    assert waits[:5] == [0, 0, 0, 0, 1]
    assert waits[5:9] == [2, 4, 8, 16]
    assert max(waits) == 900


async def test_a_stranger_at_another_address_does_not_keep_the_owner_out(browser, hire, another):
    await hire("ana")
    async with another("198.51.100.7") as stranger:
        for _ in range(8):
            await stranger.sign_in("ana", "wrong password")
        assert (await stranger.sign_in("ana", PASSWORD)).status_code == 429
    assert (await browser.sign_in("ana")).status_code == 303


async def test_guesses_from_many_addresses_are_slowed_but_not_for_a_browser_that_is_known(browser, hire, another):
    await hire("ana")
    await browser.sign_in("ana")
    await browser.open("/")
    await browser.submit("/sign-out")
    for n in range(52):
        async with another(f"198.51.100.{n}") as stranger:
            await stranger.sign_in("ana", "wrong password")
    async with another("203.0.113.9") as stranger:
        held = await stranger.sign_in("ana")
        assert held.status_code == 429
        assert int(held.headers["retry-after"]) <= 31
    assert (await browser.sign_in("ana")).status_code == 303


async def test_many_guesses_at_once_do_not_slip_past_the_count(browser, hire, another):
    import asyncio

    await hire("ana")
    guessers = [another("198.51.100.7") for _ in range(20)]
    for guesser in guessers:
        await guesser.open("/sign-in")
    answers = await asyncio.gather(
        *[g.submit("/sign-in", {"login": "ana", "password": "wrong password"}) for g in guessers]
    )
    assert [a.status_code for a in answers].count(401) <= 6
    for guesser in guessers:
        await guesser.aclose()


async def test_what_is_kept_of_attempts_names_neither_login_nor_address(browser, hire):
    await hire("ana")
    await browser.sign_in("ana", "wrong password")
    kept = await fetchval("SELECT string_agg(encode(key, 'escape'), ' ') FROM sign_in_attempt")
    assert "ana" not in kept
    assert "10.0.0.1" not in kept


async def test_someone_shut_out_is_out_at_once(browser, hire):
    from tessera.access import service
    from tessera.access.actor import system_actor

    await hire("ana")
    person = await hire("ben", "cashier")
    await browser.sign_in("ben")
    assert (await browser.open("/")).status_code == 200
    with system_actor():
        await service.set_active(person.id, False)
    assert (await browser.open("/")).status_code == 303
    assert (await browser.sign_in("ben")).status_code == 401


async def test_ended_sessions_and_old_counts_are_tidied_away_and_others_are_not(browser, hire):
    from tessera.access.service.sessions import forget_ended

    await hire("ana")
    start = clock.now()
    await browser.sign_in("ana", "wrong password")
    await browser.sign_in("ana")
    await forget_ended()
    assert await fetchval("SELECT count(*) FROM session") == 1
    with clock.frozen(start + timedelta(days=2)):
        await forget_ended()
    assert await fetchval("SELECT count(*) FROM session") == 0
    assert await fetchval("SELECT count(*) FROM sign_in_attempt") == 0


async def test_a_cookie_of_another_application_on_the_host_signs_nobody_out(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    own = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
    browser.cookies.clear()
    answer = await browser.open("/settings/staff", headers={"Cookie": f'other={{"a": [1]}}; a[b]=1; {own}'})
    assert answer.status_code == 200
