"""Spending points and tiers: nobody falls because they spend, and everyone pays the price of their tier."""

from __future__ import annotations

from uuid import UUID

import pytest
from core.tiers.ladder import sell, three_tiers

from tessera.kernel import dispatcher
from tessera.kernel.database import fetchval
from tessera.members.service import account_of
from tessera.points import service as points
from tessera.points.rewards import service as rewards
from tessera.points.rewards.service import NewReward
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.defined import Criteria
from tessera.tiers.service.requalifying import requalify_all


async def tier_of(member: UUID) -> str | None:
    """What a member carries."""
    found: str | None = await fetchval("SELECT tier FROM member WHERE id = $1", member)
    return found


@pytest.fixture
async def mug(ladder: None) -> None:
    """A mug that costs less the higher one stands."""
    await rewards.make_reward(NewReward(code="mug", title={"en": "Mug"}, points=100, tiers={"basic": 90, "silver": 50}))


async def test_who_begins_pays_the_price_of_the_first_tier(ana: UUID, mug: None) -> None:
    await points.credit(await account_of(ana), ana, 100, reason="gift")
    assert (await rewards.redeem(ana, "mug")).points == 90


async def test_who_has_risen_pays_the_price_of_the_tier(ana: UUID, mug: None) -> None:
    await sell(ana, 1_200)
    assert (await rewards.redeem(ana, "mug")).points == 50


async def test_spending_points_never_lowers_a_tier(ana: UUID, store: UUID) -> None:
    """Qualifying points are those that were earned, not those that are left."""
    await three_tiers()
    await add_tier({"en": "Collector"}, criteria=Criteria(asks={"points": 1_000}))
    await sell(ana, 1_200)
    await dispatcher.drain()
    before = await tier_of(ana)
    await rewards.make_reward(NewReward(code="bike", title={"en": "Bike"}, points=1_100))
    await rewards.redeem(ana, "bike")
    await dispatcher.drain()
    await requalify_all()
    assert (before, await tier_of(ana)) == ("collector", "collector")


async def test_paying_with_points_never_lowers_a_tier(ana: UUID, ladder: None) -> None:
    await sell(ana, 1_000)
    before = await tier_of(ana)
    await sell(ana, 8, "R2", redeem={"points": 800})
    await requalify_all()
    assert (before, await tier_of(ana)) == ("silver", "silver")
