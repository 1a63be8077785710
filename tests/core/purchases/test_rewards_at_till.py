"""Money off that was redeemed for points: held out at the till, used once, whole again when all comes back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale

from tessera.kernel.database import fetchrow, fetchval
from tessera.kernel.errors import Conflict, Invalid
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.points.rewards import service as rewards
from tessera.points.rewards.service import NewReward
from tessera.points.rewards.service.at_till import MOST
from tessera.purchases import service
from tessera.purchases.service import NewPurchase
from tessera_hooks import Claim


@pytest.fixture
async def code(ana: UUID) -> str:
    """Ana's code for ten yuan off."""
    await points.credit(await account_of(ana), ana, 700, reason="gift")
    await rewards.make_reward(NewReward(code="off", title={"en": "¥10 off"}, points=500, kind="cash_off", amount=10_00))
    return (await rewards.redeem(ana, "off")).code


def with_code(ana: UUID | None, code: str, number: str = "R1") -> NewPurchase:
    """A sale of 50 yuan that owes 40."""
    return replace(sale(ana, 40_00, number), discount=10_00, claims=[Claim("core.reward", code)])


async def status() -> tuple[str, bool]:
    """What has become of the redemption, and whether a purchase used it."""
    row = await fetchrow("SELECT status, purchase IS NOT NULL AS used FROM redemption")
    return row["status"], row["used"]


async def test_the_till_offers_what_a_member_redeemed(ana: UUID, code: str) -> None:
    found = await service.preview(sale(ana, 50_00))
    assert [(str(cut.title), cut.amount, cut.claim) for cut in found.offers] == [
        ("¥10 off", 10_00, Claim("core.reward", code))
    ]


async def test_a_code_takes_its_money_off_and_is_used(ana: UUID, code: str) -> None:
    found = await service.preview(replace(sale(ana, 50_00), claims=[Claim("core.reward", code.lower())]))
    assert found.to_pay == 40_00
    await service.record_purchase(with_code(ana, code))
    assert await status() == ("handed_over", True)


async def test_what_was_redeemed_stays_worth_what_it_was_when_the_catalogue_changes(ana: UUID, code: str) -> None:
    cup = NewReward(code="off", title={"en": "A cup"}, points=500, kind="goods")
    await rewards.change_reward(cup, version=(await rewards.reward("off")).version)
    found = await service.preview(replace(sale(ana, 50_00), claims=[Claim("core.reward", code)]))
    assert found.to_pay == 40_00
    await service.record_purchase(with_code(ana, code))
    assert await status() == ("handed_over", True)


async def test_what_a_reward_pays_for_earns_nothing(ana: UUID, code: str) -> None:
    done = await service.record_purchase(with_code(ana, code))
    assert done.points.earned == 40


async def test_a_code_lowers_one_purchase_however_many_hold_it_out(ana: UUID, code: str) -> None:
    sales = [service.record_purchase(with_code(ana, code, f"R{n}")) for n in range(4)]
    done = await asyncio.gather(*sales, return_exceptions=True)
    assert sorted(isinstance(one, Conflict | Invalid) for one in done) == [False, True, True, True]
    assert await fetchval("SELECT count(*) FROM purchase") == 1


async def test_the_last_of_more_codes_than_a_till_offers_is_used_like_the_first(ana: UUID, code: str) -> None:
    await points.credit(await account_of(ana), ana, 500 * MOST, reason="gift")
    last = [(await rewards.redeem(ana, "off")).code for _ in range(MOST)][-1]
    await service.record_purchase(with_code(ana, last))
    assert await fetchval("SELECT status FROM redemption WHERE code = $1", last) == "handed_over"


async def test_a_code_is_no_good_for_someone_else(ana: UUID, code: str, store: UUID) -> None:
    ben = await create_member(NewMember(name="Ben", store=store))
    with pytest.raises(Invalid, match="no reward of this member"):
        await service.record_purchase(with_code(ben, code))
    assert await status() == ("open", False)


async def test_what_lowered_a_price_is_not_cancelled(ana: UUID, code: str) -> None:
    await service.record_purchase(with_code(ana, code))
    with pytest.raises(rewards.RewardUsed):
        await rewards.cancel(await fetchval("SELECT id FROM redemption"), "changed her mind")


async def test_when_all_comes_back_the_code_is_good_again(ana: UUID, code: str) -> None:
    done = await service.record_purchase(with_code(ana, code))
    await bring_back(done.id)
    assert await status() == ("open", False)
    await rewards.cancel(await fetchval("SELECT id FROM redemption"), "changed her mind")
    assert (await points.balances(ana))["points"].available == 700


async def test_a_part_that_comes_back_leaves_the_code_used(ana: UUID, code: str) -> None:
    done = await service.record_purchase(with_code(ana, code))
    await bring_back(done.id, amount=5_00)
    assert await status() == ("handed_over", True)
