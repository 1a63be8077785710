"""One member's whole life on a phone: added, told apart, merged, parted, revealed, told about, erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]


def add(page: Page, name: str, phone: str) -> str:
    """Add a member and answer the address of their page."""
    page.goto("/members/new")
    page.fill("main input[name=name]", name)
    page.fill("main input[name=phone]", phone)
    page.click("main button[type=submit]:has-text('Save')")
    expect(page.locator("h1")).to_contain_text(name)
    return page.url


def test_a_member_on_a_phone_from_the_first_day_to_the_last(open_page, tmp_path: Path):
    page = open_page("/members")
    first = add(page, "江晓月", "13700137001")
    add(page, "江晓月", "13700137002")

    page.goto("/members")
    page.fill("main input[name=q]", "jxy")
    namesakes = page.locator("main a[data-found]")
    expect(namesakes).to_have_count(2)
    expect(namesakes.filter(has_text="137****7001")).to_have_count(1)
    expect(namesakes.filter(has_text="137****7002")).to_have_count(1)

    page.goto(f"{first}/merge")
    page.fill("main input[name=q]", "jxy")
    page.locator("main a[data-found]", has_text="137****7002").click()
    page.click("main button:has-text('Merge')")
    expect(page.locator("body")).to_contain_text("The two are one member now.")
    page.goto("/members")
    page.fill("main input[name=q]", "jxy")
    expect(page.locator("main a[data-found]")).to_have_count(1)
    page.goto("/members/merges")
    page.locator("main a:has-text('Undo')").first.click()
    page.click("main button:has-text('Undo the merge')")
    page.wait_for_load_state()
    page.goto("/members")
    page.fill("main input[name=q]", "jxy")
    expect(page.locator("main a[data-found]")).to_have_count(2)

    page.goto(first)
    expect(page.locator("main")).not_to_contain_text("13700137001")
    page.locator("#profile .sealed-value button").first.click()
    expect(page.locator("#profile")).to_contain_text("+8613700137001")

    with page.expect_download() as told:
        page.click("a[href$='/export']")
    told.value.save_as(tmp_path / "told.json")
    assert "+8613700137001" in json.dumps(json.loads((tmp_path / "told.json").read_text()))

    number = page.locator(".member-head .text-nowrap").first.inner_text()
    page.click("a[href$='/erase']")
    page.fill("main input[name=number]", number)
    page.click("main button:has-text('Erase for good')")
    page.goto("/members")
    page.fill("main input[name=q]", "jxy")
    expect(page.locator("main a[data-found]")).to_have_count(1)
