"""A queue at the till: what is scanned next lands among the goods, whatever was tapped before."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]


def test_goods_with_a_long_name_make_no_counter_wider_than_a_phone(open_page):
    page = open_page("/till", login="cashier")
    page.fill("#till-item", "A set of two mugs with saucers, spoons and a tray of oak for guests 1234.50")
    page.press("#till-item", "Enter")
    expect(page.locator("#till-sum")).to_contain_text("1,234.50")
    page.get_by_role("button", name="Take payment").click()
    expect(page.get_by_role("heading", name="Sales receipt")).to_be_visible()
    page.goto("/till")
    expect(page.get_by_role("button", name="A set of two mugs")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_after_a_tap_on_the_counter_the_next_scan_is_among_the_goods(open_page):
    page = open_page("/till", login="cashier", width=1280)
    page.keyboard.type("12.50\n")
    page.get_by_label("One more").click()
    expect(page.locator("#till-sum")).to_contain_text("25.00")
    expect(page.locator("#till-item")).to_be_focused()
    page.keyboard.type("3\n")
    expect(page.locator("#till-sum")).to_contain_text("28.00")
