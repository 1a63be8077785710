"""A shop's programme on a phone: four tiers set up, a sale, a reward, a part returned, a balance explained."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]

LADDER = [
    ("Silver", "银卡", "200", "0", "1"),
    ("Gold", "金卡", "1000", "10", "1.5"),
    ("Diamond", "钻石卡", "5000", "15", "2"),
]
"""Name, Chinese name, what is to be spent, discount in percent, points times."""


def add_tier(page: Page, name: str, chinese: str, spent: str, discount: str, times: str) -> None:
    page.goto("/settings/tiers/new")
    page.fill("main input[name=name_en]", name)
    page.fill("main input[name=name_zh_Hans]", chinese)
    page.fill("main input[name=least_spend]", spent)
    page.fill("main input[name=discount]", discount)
    page.fill("main input[name=multiplier]", times)
    page.click("main button[value=save]")
    page.wait_for_url("**/settings/tiers")


def add_reward(page: Page) -> None:
    page.goto("/settings/rewards/new")
    page.fill("main input[name='title.en']", "Tea mug")
    page.fill("main input[name=points]", "100")
    page.click("main button[type=submit]:has-text('Save')")
    expect(page.locator("main")).to_contain_text("Tea mug")


def add_member(page: Page) -> str:
    page.goto("/members/new")
    page.fill("main input[name=name]", "Rosa Lind")
    page.fill("main input[name=phone]", "13900139777")
    page.click("main button[type=submit]:has-text('Save')")
    expect(page.locator("h1")).to_contain_text("Rosa Lind")
    return page.url


def scan(page: Page, text: str) -> None:
    """As a scanner types: at once, with Enter behind."""
    page.locator("#till-item").fill(text)
    page.locator("#till-item").press("Enter")


def to_the_counter(page: Page) -> None:
    page.goto("/till")
    page.fill("#till-q", "13900139777")
    page.press("#till-q", "Enter")
    expect(page.locator(".till-customer")).to_contain_text("Rosa Lind")


def test_a_programme_is_set_up_and_lived_on_a_phone(open_page):
    page = open_page("/")
    for tier in LADDER:
        add_tier(page, *tier)
    expect(page.locator("main")).to_contain_text("Diamond")
    add_reward(page)
    member = add_member(page)

    to_the_counter(page)
    scan(page, "Tea set 800")
    scan(page, "2*150")
    expect(page.locator("#till-sum")).to_contain_text("1,100.00")
    page.keyboard.press("F9")
    page.wait_for_url("**/till/receipts/*")
    expect(page.locator("main")).to_contain_text("+1,100")
    expect(page.locator("main")).to_contain_text("Points now")

    page.goto(member)
    expect(page.locator("main")).to_contain_text("Gold")

    to_the_counter(page)
    expect(page.locator(".till-customer")).to_contain_text("Gold")
    scan(page, "Tea 100")
    scan(page, "Cake 50")
    expect(page.locator("#till-sum")).to_contain_text("135.00")
    page.fill("#till-points", "500")
    page.press("#till-points", "Tab")
    expect(page.locator("#till-sum")).to_contain_text("130.00")
    page.keyboard.press("F9")
    page.wait_for_url("**/till/receipts/*")
    receipt = page.url
    expect(page.locator("main")).to_contain_text("−500")
    expect(page.locator("main")).to_contain_text("+195")

    page.click("a:has-text('Take goods back')")
    page.locator(".till-back").nth(1).fill("1")
    page.click("main button:has-text('Work it out')")
    expect(page.locator("main")).to_contain_text("¥45.00")
    page.click("main button:has-text('Give ¥45.00 back')")
    page.wait_for_url(receipt)
    expect(page.locator("main")).to_contain_text("Given back: Points")

    page.goto(f"{member}/rewards")
    page.locator("main button:has-text('Redeem')").first.click()
    page.locator("dialog[open] button[value=ok]").click()
    expect(page.locator("main")).to_contain_text("Tea mug")

    page.goto(f"{member}/points")
    story = page.locator("main")
    for words in ("Redeemed for Tea mug", "Taken back for a return", "1 for each ¥1.00 of ¥130.00, tier Gold ×1.5"):
        expect(story).to_contain_text(words)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_scans_that_overtake_the_answers_are_all_on_the_counter(open_page):
    page = open_page("/till", login="cashier", width=1280)
    page.locator("#till-item").press_sequentially("1\n2\n3\n4\n5\n", delay=1)
    expect(page.locator(".till-line")).to_have_count(5)
    expect(page.locator("#till-sum")).to_contain_text("15.00")
    assert page.locator("#till-item").input_value() == ""
    prices = page.locator("input[name='line.price']").evaluate_all("boxes => boxes.map(box => box.value)")
    assert prices == ["1", "2", "3", "4", "5"]


def test_the_keyboard_keeps_its_place_when_the_counter_is_drawn_anew(open_page):
    page = open_page("/till", login="cashier", width=1280)
    scan(page, "Tea 10")
    page.fill("#name-0", "Green tea")
    page.press("#name-0", "Tab")
    expect(page.locator("#name-0")).to_have_attribute("value", "Green tea")
    expect(page.locator("#less-0")).to_be_focused()
