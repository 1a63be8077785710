"""The first run, once."""

from __future__ import annotations

import asyncio

import pytest
from core.web.browser import PASSWORD

from tessera.access import service
from tessera.access.service.setup import setup_code
from tessera.kernel.business import business, has_business
from tessera.kernel.database import fetchval
from tessera.kernel.plugins import host

ANSWERS = {
    "name": "江湾健身",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "store_name": ["徐汇店", "Pudong East", "徐汇店"],
    "plugins": ["fitness", "no-such-plugin"],
    "starters": [],
    "owner_name": "王丽",
    "login": "Wang.Li",
    "password": PASSWORD,
    "again": PASSWORD,
}


async def test_an_empty_tessera_leads_to_the_first_run(browser):
    assert (await browser.open("/")).headers["location"] == "/sign-in"
    assert (await browser.open("/sign-in")).headers["location"] == "/setup"


async def test_the_answers_make_a_business_its_stores_its_industries_and_an_owner_who_is_signed_in(browser):
    await browser.open("/setup")
    answer = await browser.submit("/setup", ANSWERS)
    assert answer.headers["location"] == "/"
    assert (business().name, business().currency) == ("江湾健身", "CNY")
    assert {(s.code, s.name) for s in service.stores()} == {
        ("xuhuidian", "徐汇店"),
        ("pudong-east", "Pudong East"),
        ("store-3", "徐汇店"),
    }
    assert host().enabled("fitness")
    await browser.open("/settings/staff")
    assert "王丽" in browser.seen
    assert (await browser.open("/setup")).headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "give a name of at most 200 characters"),
        ({"timezone": "Asia/Nowhere"}, '"Asia/Nowhere" is no time zone'),
        ({"currency": "XQQ"}, '"XQQ" is no currency'),
        ({"store_name": []}, "name at least one store"),
        ({"login": "wang li!"}, "write a login of letters"),
        ({"password": "short", "again": "short"}, "use at least 8 characters"),
        ({"again": "something else"}, "the two passwords differ"),
    ],
)
async def test_a_wrong_answer_is_named_beside_its_field_and_nothing_is_made(browser, wrong, said):
    await browser.open("/setup")
    answer = await browser.submit("/setup", {**ANSWERS, **wrong})
    assert answer.status_code == 422
    assert said in browser.seen
    assert not has_business()
    assert await fetchval("SELECT count(*) FROM store") == 0
    assert await fetchval("SELECT count(*) FROM staff") == 0


async def test_of_two_browsers_that_answer_at_once_one_becomes_the_owner(browser, another):
    async with another() as other:
        await browser.open("/setup")
        await other.open("/setup")
        answers = await asyncio.gather(
            browser.submit("/setup", ANSWERS), other.submit("/setup", {**ANSWERS, "login": "mallory"})
        )
    assert sorted(a.headers["location"] for a in answers) == ["/", "/sign-in"]
    assert await fetchval("SELECT count(*) FROM staff") == 1
    assert await fetchval("SELECT count(*) FROM store") == 3


async def test_from_elsewhere_only_the_code_opens_the_first_run(app, browser, tmp_path):
    app.state.setup_folder = tmp_path
    try:
        code = setup_code(tmp_path)
        assert (tmp_path / "setup-code").stat().st_mode & 0o777 == 0o600
        await browser.open("/setup")
        for wrong in ("", "guessed"):
            answer = await browser.submit("/setup", {**ANSWERS, "code": wrong})
            assert answer.status_code == 422
            assert "This code is wrong" in browser.seen
        await browser.open(f"/setup?code={code}")
        assert (await browser.submit("/setup", {**ANSWERS, "code": code})).headers["location"] == "/"
        assert not (tmp_path / "setup-code").exists()
    finally:
        app.state.setup_folder = None
