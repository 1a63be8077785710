"""The pages of tiers: set up in minutes, counted before it is saved, a member's own page."""

from __future__ import annotations

import pytest
from core.tiers.ladder import sell, tier
from signed_in import send

from tessera.kernel.database import fetchval
from tessera.tiers.service.defined import tier_by_code, tiers


@pytest.fixture
def new_gold() -> dict[str, str]:
    return {
        "name_en": "Gold", "name_zh_Hans": "金卡", "tone": "yellow", "least_spend": "5,000", "match": "all",
        "discount": "10", "multiplier": "1.5", "stacks": "yes", "services": "Locker\nTea", "act": "save",
    }  # fmt: skip


async def test_a_tier_is_added_and_changed_by_its_form(owner, new_gold):
    await send(owner, "/settings/tiers/new", **new_gold)
    gold = tier_by_code("gold")
    assert (gold.criteria.asks, gold.benefits.discount, gold.benefits.services) == (
        {"spend": 500_000}, 10, ("Locker", "Tea"),
    )  # fmt: skip
    page = await owner.get("/settings/tiers/gold")
    assert 'value="5000"' in page.text
    await send(owner, "/settings/tiers/gold", **{**new_gold, "least_spend": "6000.50", "discount": ""})
    assert (tier_by_code("gold").criteria.asks, tier_by_code("gold").version) == ({"spend": 600_050}, 2)


async def test_counting_shows_how_many_it_would_be_and_saves_nothing(owner, new_gold, ana):
    await sell(ana, 6000)
    page = await send(owner, "/settings/tiers/new", **{**new_gold, "act": "count"})
    assert "How many members would be in each tier" in page.text
    assert len(tiers()) == 1


async def test_a_wrong_number_is_named_at_its_field(owner, new_gold):
    page = await send(owner, "/settings/tiers/new", **{**new_gold, "least_spend": "much"})
    assert (page.status_code, "give a number such as 10 or 1.5" in page.text) == (422, True)


async def test_apply_raises_and_the_order_the_scheme_and_use_change(owner, ladder, ana):
    await send(owner, "/settings/tiers", "/settings/tiers/silver/move", up="yes")
    assert [one.code for one in tiers()] == ["basic", "gold", "silver", "diamond"]
    scheme = {
        "kind": "calendar",
        "months": "12",
        "month": "1",
        "warn_days": "30",
        "grace_days": "7",
        "downgrade": "met",
    }
    await send(owner, "/settings/tiers", "/settings/tiers/scheme", **scheme)
    await send(owner, "/settings/tiers", "/settings/tiers/diamond/archive")
    await send(owner, "/settings/tiers", "/settings/tiers/apply")
    page = await owner.get("/settings/tiers")
    assert "No longer in use" in page.text


async def test_rates_are_written_and_taken_away(owner, store):
    await send(
        owner, "/settings/exchange-rates", "/settings/exchange-rates", currency="USD", since="2026-11-01", rate="7.12"
    )
    page = await owner.get("/settings/exchange-rates")
    assert "7.12" in page.text
    rate = await fetchval("SELECT id FROM exchange_rate")
    await send(owner, "/settings/exchange-rates", f"/settings/exchange-rates/{rate}/drop")
    assert await fetchval("SELECT count(*) FROM exchange_rate") == 0


async def test_a_members_page_shows_the_tier_and_sets_it_by_hand(owner, ladder, ana):
    await sell(ana, 1200)
    assert "Towards Gold" in (await owner.get(f"/members/{ana}")).text
    await send(
        owner, f"/members/{ana}/tier", f"/members/{ana}/tier", tier="gold", until="2026-12-31", reason="complaint"
    )
    page = await owner.get(f"/members/{ana}/tier")
    assert await tier(ana) == "gold"
    assert "complaint" in page.text
    await send(owner, f"/members/{ana}/tier", f"/members/{ana}/tier/release")
    assert (await owner.get("/members?tier=gold")).text.count("Ana") >= 1
