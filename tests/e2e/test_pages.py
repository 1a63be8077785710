"""Every page in a real browser: at 360 px and on a desktop, in both languages, without a complaint."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]

PAGES = (
    "/",
    "/members",
    "/members/new",
    "/tasks",
    "/rules",
    "/messages",
    "/message-texts",
    "/fitness/body-tests",
    "/settings/business",
    "/settings/stores",
    "/settings/staff",
    "/settings/roles",
    "/settings/api-keys",
    "/settings/plugins",
    "/settings/messaging",
    "/settings/system",
)

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits_and_speaks_one_language(open_page, width, locale):
    page = open_page("/", width=width, locale=locale)
    page.context.add_cookies([{"name": "tessera_locale", "value": locale, "url": page.url}])
    wrong = []
    for path in PAGES:
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            wrong.append(f"{path}: {answer and answer.status}")
            continue
        if page.evaluate(OVERFLOW) > 0:
            wrong.append(f"{path}: wider than the screen by {page.evaluate(OVERFLOW)} px")
        heading = page.inner_text("h1").strip()
        if bool(HAN.search(heading)) != (locale == "zh_Hans"):
            wrong.append(f'{path}: the heading is "{heading}"')
    assert wrong == []


def test_a_member_is_found_by_the_last_digits_and_shows_points_and_purchases(open_page):
    page = open_page("/members", login="cashier")
    first = page.locator("a.record-line").first
    name, digits = first.locator(".record-line-title").inner_text(), first.inner_text()
    tail = re.search(r"\*{4}(\d{4})", digits)
    assert tail is not None
    page.fill("main input[name=q]", tail[1])
    page.wait_for_function("tail => document.querySelectorAll('a.record-line').length < 5", arg=tail[1])
    page.click(f"a.record-line:has-text('{name}')")
    page.wait_for_selector("#timeline")
    assert name in page.inner_text("h1")
    assert "Points" in page.inner_text("main")


def test_arrows_walk_through_what_the_box_found_and_enter_opens_the_first(open_page):
    page = open_page("/", login="cashier", width=1280)
    page.fill("main input[name=q]", "w")
    page.wait_for_selector("a[data-found]")
    first, second = [line.get_attribute("href") for line in page.locator("a[data-found]").all()[:2]]
    page.focus("main input[name=q]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('href')") == second
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")


def test_what_is_typed_into_the_box_never_stands_in_the_address(open_page):
    page = open_page("/members", login="cashier")
    page.fill("main input[name=q]", "139 0000 0000")
    page.wait_for_selector("[data-query='139 0000 0000']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/find")
    assert "Nobody found" in page.inner_text("main")


def test_a_coach_records_a_body_test_in_two_taps_from_the_member(open_page):
    page = open_page("/members", login="coach")
    page.goto(page.locator("a[href^='/members/0']").first.get_attribute("href"))
    page.click("a[href*='/fitness/body-tests/new']")
    page.fill("input[name=height]", "170")
    page.fill("input[name=weight]", "70")
    page.click("form button[type=submit]")
    page.wait_for_load_state()
    assert "24.2" in page.inner_text("main")


def test_what_a_coach_may_not_see_is_not_there(open_page):
    page = open_page("/", login="coach")
    assert page.locator("a[href='/settings/staff']").count() == 0
    assert page.request.get("/settings/staff").status == 403
