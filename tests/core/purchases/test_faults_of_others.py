"""What users of other systems suffered from at the till, each named after the report that tells of it."""

from __future__ import annotations

import asyncio
import types
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale, sell

from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service import account_of
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import Buyer, LineBack, NewLine, NewPayment, NewPurchase
from tessera_hooks import Claim


async def available(member: UUID) -> int:
    return await points.available([await account_of(member)])


async def owed(member: UUID) -> int:
    return await points.owed([await account_of(member)])


async def test_a_refund_after_redeeming_keeps_no_points_odoo_pr_257854(ana: UUID) -> None:
    first = await sell(ana, 100_00, "R1")
    paid = await service.record_purchase(replace(sale(ana, 1_00, "R2"), redeem={"points": 100}))
    await bring_back(first.id, "B1")
    assert (await available(ana), await owed(ana)) == (-100, 100)
    await bring_back(paid.id, "B2")
    assert (await available(ana), await owed(ana)) == (0, 0)
    assert await points.verify() == []


async def test_points_are_deducted_on_a_refund_at_the_till_odoo_pr_238806(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    assert (await bring_back(bought.id)).points.taken_back == 100
    assert await available(ana) == 0


async def test_points_are_not_deducted_twice_odoo_pr_212922(ana: UUID) -> None:
    await sell(ana, 500_00, "R0")
    paid = replace(sale(ana, 10_00, "R1"), redeem={"points": 300})
    done = await asyncio.gather(*[service.record_purchase(paid) for _n in range(6)])
    assert {one.points.redeemed for one in done} == {300}
    await asyncio.gather(*[bring_back(done[0].id, "B1") for _n in range(6)])
    assert (await available(ana), await points.verify()) == (500, [])


async def test_a_sales_return_takes_points_off_erpnext_32951(ana: UUID) -> None:
    lines = [NewLine(sku="A", quantity=Decimal(2), amount=100_00), NewLine(sku="B", amount=50_00)]
    bought = await service.record_purchase(replace(sale(ana, 150_00), lines=lines))
    done = await bring_back(bought.id, lines=[LineBack(bought.lines[0], Decimal(1))])
    assert (done.points.taken_back, await available(ana)) == (50, 100)


async def test_the_balance_does_not_collapse_when_what_was_spent_from_expires_flocafe_78(ana: UUID) -> None:
    account = await account_of(ana)
    await points.credit(account, ana, 100, reason="gift", expires_at=clock.now() + timedelta(days=1))
    await points.credit(account, ana, 50, reason="gift")
    await points.debit(account, ana, 120, reason="a towel")
    with clock.frozen(clock.now() + timedelta(days=2)):
        before = await available(ana)
        await points.book_all_expired()
        assert (before, await available(ana), await owed(ana), await points.verify()) == (30, 30, 0, [])


async def test_the_line_of_a_reward_earns_nothing_odoo_150833(ana: UUID) -> None:
    await sell(ana, 2_000_00, "R0")
    lines = [NewLine(sku="tea", amount=20_00)]
    paid = await service.record_purchase(replace(sale(ana, 20_00), lines=lines, redeem={"points": 2000}))
    assert (paid.points.earned, paid.points.available) == (0, 0)


async def test_no_more_points_are_taken_than_the_order_is_worth_odoo_pr_274951(ana: UUID) -> None:
    await sell(ana, 5_000_00, "R0")
    with pytest.raises(Invalid):
        await service.record_purchase(replace(sale(ana, 20_00), redeem={"points": 3000}))
    paid = await service.record_purchase(replace(sale(ana, 20_00), redeem={"points": 2000}))
    assert paid.points.available == 3000


@pytest.mark.parametrize("chosen", [100, 700, 2000])
async def test_the_cashier_chooses_how_many_points_are_spent_odoo_264931(ana: UUID, chosen: int) -> None:
    await sell(ana, 2_000_00, "R0")
    paid = await service.record_purchase(replace(sale(ana, 20_00), redeem={"points": chosen}))
    assert (paid.points.redeemed, await fetchval("SELECT points_paid FROM purchase WHERE id = $1", paid.id)) == (
        chosen,
        chosen,
    )


async def test_two_checkouts_never_spend_the_same_claim_spree_pr_13734_medusa_pr_16347_opensourcepos_pr_4640(
    ana: UUID, dummy: types.ModuleType
) -> None:
    await dummy.give_voucher("gift", 10_00)
    sales = [replace(sale(None, 5_00, f"R{n}"), claims=[Claim("dummy.voucher", "gift")]) for n in range(2)]
    done = await asyncio.gather(*[service.record_purchase(one) for one in sales], return_exceptions=True)
    assert [type(one).__name__ for one in done].count("Recorded") == 1


async def test_a_coupon_larger_than_the_order_leaves_nothing_negative_to_pay_mall_1002(
    ana: UUID, dummy: types.ModuleType
) -> None:
    await sell(ana, 500_00, "R0")
    await dummy.give_voucher("large", 999_00)
    claims = [Claim("dummy.voucher", "large")]
    found = await service.preview(
        NewPurchase(buyer=Buyer(id=ana), store="main", amount=30_00, claims=claims, redeem={"points": 100})
    )
    assert (found.to_pay, found.due, found.redeemed, [cut.amount for cut in found.cuts]) == (0, 0, 0, [30_00])
    with pytest.raises(Invalid, match="would be paid and only"):
        await service.record_purchase(
            replace(sale(ana, 0), discount=30_00, claims=claims, payments=[NewPayment("cash", 1)])
        )
    sold = await service.record_purchase(replace(sale(ana, 0), discount=30_00, claims=claims))
    assert (sold.amount, sold.points.earned) == (0, 0)


async def test_parts_that_come_back_take_no_more_than_the_whole_earned(ana: UUID) -> None:
    bought = await sell(ana, 99_99)
    taken = [(await bring_back(bought.id, f"B{n}", amount=33_33)).points.taken_back for n in range(3)]
    assert (sum(taken), await available(ana), await owed(ana)) == (99, 0, 0)
