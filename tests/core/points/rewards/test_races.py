"""Redemptions at the same moment: the last piece, the last points, the last time, and cancelling twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from core.points.people import Holder
from core.points.rewards.catalogue import give_points, left, make, redeem, stock

from tessera.points import service as points
from tessera.points.rewards import service


def names(results: list[object]) -> list[str]:
    return sorted(type(one).__name__ for one in results)


async def test_the_last_piece_goes_to_one_member(holder: Callable[[], Awaitable[Holder]]) -> None:
    await make(stock=1)
    people = [await holder() for _n in range(8)]
    for one in people:
        await give_points(one, 100)
    results = await asyncio.gather(*(redeem(one) for one in people), return_exceptions=True)
    assert names(results) == ["Redeemed"] + ["RewardOutOfStock"] * 7
    assert await stock() == 0
    assert sum([await left(one) for one in people]) == 720


async def test_parallel_redemptions_of_one_member_take_exactly_what_there_is(ana: Holder) -> None:
    await make(price=30)
    await give_points(ana, 100)
    results = await asyncio.gather(*(redeem(ana) for _n in range(8)), return_exceptions=True)
    assert names(results) == ["InsufficientBalance"] * 5 + ["Redeemed"] * 3
    assert await left(ana) == 10
    assert await points.verify() == []


async def test_two_checkouts_redeem_for_the_same_points(ana: Holder) -> None:
    await make(price=80)
    await give_points(ana, 100)
    results = await asyncio.gather(redeem(ana), redeem(ana), return_exceptions=True)
    assert names(results) == ["InsufficientBalance", "Redeemed"]


async def test_the_limit_holds_however_many_ask_at_once(ana: Holder) -> None:
    await make(price=10, member_limit=2)
    await give_points(ana, 100)
    results = await asyncio.gather(*(redeem(ana) for _n in range(6)), return_exceptions=True)
    assert names(results) == ["Redeemed"] * 2 + ["RewardLimitReached"] * 4
    assert await left(ana) == 80


async def test_cancelled_twice_at_once_it_comes_back_once(ana: Holder) -> None:
    await make(price=80, stock=1)
    await give_points(ana, 100)
    done = await redeem(ana)
    results = await asyncio.gather(
        *(service.cancel(done.id, "wrong colour") for _n in range(4)), return_exceptions=True
    )
    assert names(results) == ["AlreadyCancelled"] * 3 + ["RedemptionFacts"]
    assert (await left(ana), await stock()) == (100, 1)


async def test_handed_over_and_cancelled_at_once_the_points_are_back(ana: Holder) -> None:
    await make(price=80)
    await give_points(ana, 100)
    done = await redeem(ana)
    await asyncio.gather(service.hand_over(done.id), service.cancel(done.id, "broken"), return_exceptions=True)
    assert (await service.redemption(done.id)).status == "cancelled"
    assert await left(ana) == 100
