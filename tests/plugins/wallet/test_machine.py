"""L10: money earns once, what a reward pays for earns nothing, and spending points never lowers a tier.

A member pays ahead, buys by any mix of cash, points, stored value, coupons and rewards, brings back, cancels and is
paid out, in any order, while the business changes its mind about what earns. Beside it stands plain arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.wallet import ahead
from plugins.wallet.shop import BEFORE, OPENED, PRICES, STEP, Shop, enter, open_shop

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.points import service as points
from tessera.tiers.periods import counted_from, scheme, tomorrow
from tessera.tiers.service.counting import count
from tessera.tiers.service.requalifying import requalify_all
from tessera.tiers.service.rising import raise_everyone

RANKS = ("basic", "silver", "gold")
ASKS = {"silver": (200_00, 250), "gold": (500_00, 600)}


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with clock.frozen(OPENED), system_actor():
        yield


@pytest.fixture
async def shop_door(store: Any) -> None:
    await open_shop()


def counts(shop: Shop, since: date, end: date) -> tuple[int, int]:
    """What a member has spent and earned between two days, whatever became of the points."""
    sales = [sale for sale in shop.sales if since <= sale.day < end]
    ahead_of = [one for one in shop.recharges if since <= one.day < end]
    earned = sum(sale.earned - sale.taken for sale in sales) + sum(sum(one.earned) - one.taken for one in ahead_of)
    return sum(sale.counts for sale in sales), earned


def met(spent: int, earned: int) -> str:
    """The highest tier that so much is enough for."""
    return next((code for code in reversed(RANKS[1:]) if spent >= ASKS[code][0] or earned >= ASKS[code][1]), "basic")


async def check(shop: Shop) -> None:
    """Points, and what tiers count, are what arithmetic says."""
    end = tomorrow()
    since = counted_from(scheme(), end)
    counted = await count(shop.member, ["spend", "points"], since, end)
    assert await ahead.points(shop.member) == shop.points
    assert (counted["spend"], counted["points"]) == counts(shop, since, end)


async def check_moves(shop: Shop, seen: int) -> int:
    """Each change of tier stands on what was spent and earned, never on what points are left."""
    rows = await fetch("SELECT after, evidence FROM tier_change WHERE member = $1 ORDER BY at, id", shop.member)
    for row in rows[seen:]:
        days = [date.fromisoformat(row["evidence"][name]) for name in ("since", "end")]
        assert row["after"] == met(*counts(shop, *days))
    return len(rows)


async def stands(shop: Shop, before: str) -> None:
    """Spending points has lowered nobody, nor does the night after it."""
    await raise_everyone()
    await requalify_all()
    assert RANKS.index(await shop.tier()) >= RANKS.index(before)


@settings(max_examples=max(settings().max_examples // 4, 5))
@given(steps=st.lists(STEP, min_size=5, max_size=20))
async def test_money_earns_once_and_spending_lowers_nobody(shop_door: None, steps: list[tuple[Any, ...]]) -> None:
    shop, seen = await enter(), 0
    for what, *values in [*BEFORE, *steps]:
        before, spent = await shop.tier(), sum(sale.points for sale in shop.sales)
        await shop.step(what, *values)
        with clock.frozen(shop.now):
            await check(shop)
            seen = await check_moves(shop, seen)
            if what in ("redeem", "cancel") or sum(sale.points for sale in shop.sales) > spent:
                await stands(shop, before)
    with clock.frozen(shop.now):
        assert await points.verify() == []


@settings(max_examples=max(settings().max_examples // 10, 3))
@given(steps=st.lists(STEP, min_size=5, max_size=20))
async def test_when_all_comes_back_nothing_was_earned(shop_door: None, steps: list[tuple[Any, ...]]) -> None:
    """Whatever paid for what, and whatever earned then: nothing of it is left, and nobody owes but for gifts spent."""
    shop = await enter()
    for what, *values in [*BEFORE, *steps]:
        await shop.step(what, *values)
    await shop.give_everything_back()
    with clock.frozen(shop.now):
        await check(shop)
        ever = await count(shop.member, ["spend", "points"], date(2000, 1, 1), date(2100, 1, 1))
        assert (ever["spend"], ever["points"]) == (0, 0)
        assert shop.points == shop.gifts - sum(PRICES[code] for code, _done in shop.redeemed)
