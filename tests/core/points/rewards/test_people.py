"""What becomes of redemptions when members are merged, parted, told what is known, and erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from core.points.rewards.catalogue import a_reward

from tessera.kernel.database import fetch, fetchval
from tessera.members.service import account_of
from tessera.members.service.erasing import erase
from tessera.members.service.merging import merge, undo
from tessera.members.service.telling import export_member
from tessera.points import service as points
from tessera.points.rewards import service

Maker = Callable[..., Awaitable[UUID]]


@pytest.fixture
async def mug(store: UUID, system: object) -> None:
    await service.make_reward(a_reward("mug", 80, member_limit=2))


async def redeemed(who: UUID) -> UUID:
    """A mug that a member has for points of their own."""
    await points.credit(await account_of(who), who, 100, reason="gift")
    return (await service.redeem(who, "mug")).id


async def test_the_survivor_has_what_both_redeemed(member: Maker, mug: None) -> None:
    ana, twin = await member("Ana"), await member("Ana Li")
    made = {await redeemed(ana), await redeemed(twin)}
    await merge(ana, twin)
    assert {one.id for one in await service.redemptions(member=ana)} == made


async def test_a_limit_counts_what_both_had(member: Maker, mug: None) -> None:
    ana, twin = await member("Ana"), await member("Ana Li")
    await redeemed(ana)
    await redeemed(twin)
    await merge(ana, twin)
    await points.credit(await account_of(ana), ana, 100, reason="gift")
    with pytest.raises(service.RewardLimitReached):
        await service.redeem(ana, "mug")


async def test_parted_again_each_has_their_own(member: Maker, mug: None) -> None:
    ana, twin = await member("Ana"), await member("Ana Li")
    mine, theirs = await redeemed(ana), await redeemed(twin)
    await undo((await merge(ana, twin)).merge)
    assert [one.id for one in await service.redemptions(member=ana)] == [mine]
    assert [one.id for one in await service.redemptions(member=twin)] == [theirs]


async def test_what_the_other_redeemed_is_cancelled_after_a_merge(member: Maker, mug: None) -> None:
    ana, twin = await member("Ana"), await member("Ana Li")
    theirs = await redeemed(twin)
    await merge(ana, twin)
    await service.cancel(theirs, "wrong colour")
    assert (await points.balances(ana))["points"].available == 100
    assert await points.verify() == []


async def test_a_member_is_told_what_they_redeemed(member: Maker, mug: None) -> None:
    ana = await member("Ana")
    await redeemed(ana)
    told = str(await export_member(ana))
    assert all(text in told for text in ("redemptions", "'reward': 'mug'"))


async def test_an_erased_member_leaves_numbers_and_no_words(member: Maker, mug: None) -> None:
    ana = await member("Ana")
    await service.cancel(await redeemed(ana), "Ana did not like it")
    await erase(ana, "request")
    rows = await fetch("SELECT points, reason, given FROM redemption")
    assert [tuple(row) for row in rows] == [(80, None, None)]
    assert await fetchval("SELECT count(*) FROM entry WHERE reason LIKE '%like it%'") == 0
