"""Pages of rewards: the catalogue in settings, redeeming at a member, handing over by the code, and the terms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from core.points.rewards.catalogue import a_reward
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.kernel.database import fetchrow, fetchval
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.points import service as points
from tessera.points.rewards import service
from tessera.points.service import paying

Browser = httpx.AsyncClient


@pytest.fixture
async def zoe(member: Callable[..., Awaitable[UUID]]) -> UUID:
    """A member with a hundred points."""
    who = await member("Zoe")
    await points.credit(await members.account_of(who), who, 100, reason="gift")
    return who


async def redeemed(owner: Browser, zoe: UUID) -> httpx.Response:  # noqa: F811
    """The page of a mug that Zoe has just redeemed."""
    await service.make_reward(a_reward("mug", 80))
    here = f"/members/{zoe}/rewards"
    once = re.findall(r'name="once" value="([^"]+)"', (await owner.get(here)).text)[0]
    return await send(owner, here, f"/members/{zoe}/redemptions", reward="mug", once=once)


async def test_a_reward_is_put_into_the_catalogue(owner: Browser) -> None:  # noqa: F811
    filled = {"title.en": "Big mug", "title.zh_Hans": "大马克杯", "points": "1,200", "kind": "goods", "enabled": "yes"}
    page = await send(owner, "/settings/rewards/new", **filled, stock="5", until="2026-12-31")
    assert all(text in page.text for text in ("Big mug was added.", "big-mug", "1,200"))
    made = await service.reward("big-mug")
    assert (made.points, made.stock, str(made.until)) == (1200, 5, "2026-12-31 16:00:00+00:00")


async def test_the_catalogue_shows_the_price_of_each_tier(owner: Browser) -> None:  # noqa: F811
    await service.make_reward(a_reward("mug", 80, tiers={"gold": 55}))
    shown = (await owner.get("/settings/rewards")).text
    assert all(text in shown for text in ("Mug", "80", "gold: 55"))


async def test_what_is_wrong_stands_at_its_field(owner: Browser) -> None:  # noqa: F811
    page = await send(owner, "/settings/rewards/new", **{"title.en": "Mug", "points": "many", "kind": "goods"})
    assert (page.status_code, "Write a whole number." in page.text) == (422, True)


@pytest.mark.parametrize(("field", "day"), [("from", "0001-01-01"), ("until", "9999-12-31")])
async def test_a_day_that_no_calendar_holds_stands_at_its_field(owner: Browser, field: str, day: str) -> None:  # noqa: F811
    filled = {"title.en": "Mug", "points": "5", "kind": "goods", field: day}
    page = await send(owner, "/settings/rewards/new", **filled)
    assert (page.status_code, "Write a day." in page.text) == (422, True)


async def test_what_was_redeemed_meanwhile_stays_taken_off_the_stock(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await service.make_reward(a_reward("mug", 80, stock=10))
    await service.redeem(zoe, "mug")
    filled = {"title.en": "Mug", "points": "80", "kind": "goods", "enabled": "yes", "version": "1"}
    await send(owner, "/settings/rewards/mug", **filled, stock="15", stock_was="10")
    assert (await service.reward("mug")).stock == 14


async def test_a_page_that_is_out_of_date_changes_nothing(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    known = await service.make_reward(a_reward("mug", 80))
    await service.change_reward(a_reward("mug", 90), version=known.version)
    filled = {"title.en": "Cup", "points": "70", "kind": "goods", "enabled": "yes", "version": "1"}
    page = await send(owner, "/settings/rewards/mug", **filled)
    assert (page.status_code, (await service.reward("mug")).points) == (409, 90)


async def test_the_form_of_a_reward_holds_what_it_is(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await service.make_reward(a_reward("off", 500, kind="cash_off", amount=1050, member_limit=2, period="month"))
    page = (await owner.get("/settings/rewards/off")).text
    assert all(
        text in page for text in ('value="10.50"', 'value="500"', 'value="2"', '<option value="month" selected>')
    )


async def test_redeeming_takes_one_button_and_shows_the_code(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    page = await redeemed(owner, zoe)
    code = await fetchval("SELECT code FROM redemption")
    assert f"{code[:4]} {code[4:]}" in page.text
    assert (await points.balances(zoe))["points"].available == 20


async def test_the_same_form_sent_twice_is_one_redemption(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await service.make_reward(a_reward("mug", 30))
    once, here = str(uuid7()), f"/members/{zoe}/rewards"
    first = await send(owner, here, f"/members/{zoe}/redemptions", reward="mug", once=once)
    second = await send(owner, here, f"/members/{zoe}/redemptions", reward="mug", once=once)
    assert first.url == second.url
    assert (await points.balances(zoe))["points"].available == 70


async def test_what_cannot_be_had_has_no_button_and_says_why(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await service.make_reward(a_reward("yacht", 9000))
    page = (await owner.get(f"/members/{zoe}/rewards")).text
    assert ("8,900 more are needed" in page, 'value="yacht"' in page) == (True, False)


async def test_the_code_that_a_member_shows_finds_the_redemption(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await redeemed(owner, zoe)
    code = await fetchval("SELECT code FROM redemption")
    found = await send(owner, "/redemptions", "/redemptions/find", code=f"{code[:4]} {code[4:].lower()}")
    assert found.text.count("Code to pick it up") == 1
    missed = await send(owner, "/redemptions", "/redemptions/find", code="22222222")
    assert (missed.status_code, "No reward has this code here." in missed.text) == (404, True)


async def test_what_waits_is_handed_over(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    page = await redeemed(owner, zoe)
    assert "Zoe" in (await owner.get("/redemptions")).text
    await send(owner, page.url.path, f"{page.url.path}/hand-over")
    row = await fetchrow("SELECT status, handed_over_by FROM redemption")
    assert tuple(row) == ("handed_over", "Olga")
    assert "Zoe" not in (await owner.get("/redemptions")).text


async def test_cancelling_on_the_page_gives_the_points_back(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    page = await redeemed(owner, zoe)
    await send(owner, page.url.path, f"{page.url.path}/cancel", reason="wrong colour")
    shown = (await owner.get(f"/members/{zoe}/redemptions")).text
    assert ("Cancelled" in shown, (await points.balances(zoe))["points"].available) == (True, 100)


async def test_the_members_page_leads_to_rewards_and_to_what_waits(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    page = await redeemed(owner, zoe)
    shown = (await owner.get(f"/members/{zoe}")).text
    assert page.url.path in shown
    assert f"/members/{zoe}/rewards" in shown


async def test_the_timeline_names_the_reward(owner: Browser, zoe: UUID) -> None:  # noqa: F811
    await redeemed(owner, zoe)
    assert "Redeemed: Mug" in (await owner.get(f"/members/{zoe}")).text


async def test_the_terms_of_paying_with_points_are_set(owner: Browser) -> None:  # noqa: F811
    filled = {"on": "yes", "per_unit": "50", "minimum": "100", "step": "10", "percent": "40"}
    await send(owner, "/settings/paying", **filled)
    known = paying.terms("CNY")
    assert (known.on, known.per_unit, known.minimum, known.step, known.percent) == (True, 50, 100, 10, 40)


async def test_terms_that_cannot_be_name_the_field(owner: Browser) -> None:  # noqa: F811
    filled = {"on": "yes", "per_unit": "50", "minimum": "100", "step": "10", "percent": "140"}
    page = await send(owner, "/settings/paying", **filled)
    assert (page.status_code, "A value from 1 to 100." in page.text) == (422, True)
