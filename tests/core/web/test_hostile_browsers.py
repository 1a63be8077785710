"""What a browser may bring that no page of ours gave it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tessera.access import service
from tessera.access.actor import system_actor
from tessera.access.service import invitations
from tessera.kernel.database import fetchval
from tessera.web.forms import Form, own_path
from tessera.web.visit import FLASH, Visit


@pytest.mark.parametrize(
    "given", ["//evil.example", "//[x", "/\\evil.example", "https://evil.example", "/a\nb", "", "javascript:alert(1)"]
)
def test_an_address_that_is_no_page_of_ours_leads_to_the_first(given):
    assert own_path(given) == "/"


@pytest.mark.parametrize(("given", "version"), [("7", 7), ("²", 0), ("9" * 5000, 0), ("-1", 0), ("", 0)])
def test_a_version_that_is_no_number_is_that_of_nothing(given, version):
    assert Form.of(version=given).version() == version


async def test_a_way_on_that_is_no_address_opens_the_sign_in_all_the_same(browser, hire):
    await hire("ana")
    assert (await browser.open("/sign-in?next=//[x")).status_code == 200


def test_a_sentence_that_was_not_left_here_is_not_shown(business):
    told = quote('{"source":"{a:>9}","values":{"a":"x"},"tone":"success"}')
    assert Visit(cookies={FLASH: told}).said() is None
    assert Visit(cookies={FLASH: f"x.{told}"}).said() is None


async def test_a_form_token_of_any_letters_is_refused_and_no_accident(browser, hire):
    await hire("ana")
    await browser.open("/sign-in")
    answer = await browser.post("/sign-in", data={"_csrf": "a.é会", "login": "ana", "password": "x"})
    assert answer.status_code == 403


async def test_who_joins_at_a_shared_tablet_works_there_as_at_a_shared_tablet(browser, hire):
    await hire("ana")
    await browser.sign_in("ana")
    await browser.open("/settings/tablets")
    await browser.submit("/settings/tablets", {"name": "Front desk", "store": "main"})
    await browser.open("/")
    await browser.submit("/sign-out")
    with system_actor():
        made = await invitations.invite("Ben", [("cashier", "main")])
    await browser.open(f"/join?code={made.token}")
    form = {"code": made.token, "login": "ben", "password": "three quiet lanterns", "again": "three quiet lanterns"}
    await browser.submit("/join", form)
    ben = (await service.by_login("ben")).id
    assert await fetchval("SELECT device IS NOT NULL FROM session WHERE staff = $1", ben)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
async def test_a_way_on_in_any_script_is_gone_on_to(browser, hire, headers):
    await hire("ana")
    await browser.sign_in("ana")
    await browser.open("/")
    form = {"_csrf": browser.token, "next": "/会?q=%E4%BC%9A"}
    answer = await browser.post("/preferences", data=form, headers=headers)
    assert (answer.headers.get("hx-redirect") or answer.headers["location"]) == "/%E4%BC%9A?q=%E4%BC%9A"
