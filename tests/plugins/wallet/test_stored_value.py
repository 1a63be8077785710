"""Stored value: recharged, spent at the till, given back, refunded, corrected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from core.purchases.selling import sale
from plugins.wallet.ahead import (
    VALUE,
    balance,
    bring_back,
    checkout,
    offer,
    paid_in,
    points,
    set_wallet,
    taken_in_cash,
)

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service import NewMember, create_member
from tessera.plugin import ledger
from tessera.points.service.explaining import explanations
from tessera.purchases.service import NewPayment, record_purchase
from tessera_wallet.desk import Paid
from tessera_wallet.value.adjusting import adjust
from tessera_wallet.value.offers import OfferClosed, offers_for
from tessera_wallet.value.paying import TooLittleStoredValue, holds
from tessera_wallet.value.recharging import NewRecharge, TooMuchAhead, recharge
from tessera_wallet.value.refunding import NothingToRefund, preview_refund, refund

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with clock.frozen(NOW), system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def test_paying_500_brings_500_principal_and_50_bonus(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    assert await balance(ana) == (500_00, 50_00)
    assert await taken_in_cash() == 500_00


async def test_an_offer_is_paid_with_exactly_its_amount(ana: UUID) -> None:
    chosen = await offer()
    with pytest.raises(Invalid, match="exactly its amount"):
        await recharge(NewRecharge(member=ana, amount=400_00, payments=[Paid("cash", 400_00)], offer=chosen))


async def test_payments_of_a_recharge_add_up(ana: UUID) -> None:
    with pytest.raises(Invalid, match="the payments add up to 300"):
        await recharge(NewRecharge(member=ana, amount=400, payments=[Paid("cash", 100), Paid("card", 200)]))


async def test_a_recharge_is_not_paid_with_stored_value(ana: UUID) -> None:
    with pytest.raises(Invalid, match="not paid with stored value"):
        await recharge(NewRecharge(member=ana, amount=400, payments=[Paid("wallet.stored_value", 400)]))


async def test_an_offer_holds_from_its_first_day_until_its_last(ana: UUID, store: UUID) -> None:
    today = NOW.date()
    chosen = await offer(from_day=today, until_day=today)
    assert [one.id for one in await offers_for(ana, store, "CNY")] == [chosen]
    with clock.frozen(NOW + timedelta(days=1)):
        assert await offers_for(ana, store, "CNY") == []


async def test_an_offer_of_another_store_is_refused_here(ana: UUID) -> None:
    other = await access.add_store("pd", "Pudong")
    chosen = await offer(stores=[str(other.id)])
    with pytest.raises(OfferClosed, match="does not hold in this store"):
        await recharge(
            NewRecharge(member=ana, amount=500_00, payments=[Paid("cash", 500_00)], offer=chosen, store="main")
        )


async def test_two_desks_that_count_at_once_keep_to_the_limit_of_an_offer(ana: UUID) -> None:
    chosen = await offer(per_member=1)
    new = NewRecharge(member=ana, amount=500_00, payments=[Paid("cash", 500_00)], offer=chosen)
    done = await asyncio.gather(*(recharge(new) for _ in range(5)), return_exceptions=True)
    assert [type(one).__name__ for one in done].count("OfferClosed") == 4
    assert await balance(ana) == (500_00, 50_00)


async def test_what_is_paid_with_stored_value_takes_bonus_first(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 80_00)
    assert await balance(ana) == (470_00, 0)


@pytest.mark.parametrize(("order", "left"), [("principal_first", (420_00, 50_00)), ("proportional", (427_27, 42_73))])
async def test_the_order_of_spending_is_set(ana: UUID, order: str, left: tuple[int, int]) -> None:
    await set_wallet(spend_order=order)
    await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 80_00)
    assert await balance(ana) == left


async def test_a_purchase_may_be_paid_in_part_with_stored_value(ana: UUID) -> None:
    await paid_in(ana, 100_00)
    await checkout(ana, 250_00, by_value=100_00)
    assert await balance(ana) == (0, 0)


async def test_two_checkouts_spend_the_same_gift_card__spree_13734_medusa_16347_opensourcepos_4640(ana: UUID) -> None:
    """Of eight checkouts that want the whole card at once exactly one gets it."""
    await paid_in(ana, 100_00)
    done = await asyncio.gather(*(checkout(ana, 100_00, f"R{n}") for n in range(8)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, TooLittleStoredValue)]
    assert (len(done) - len(refused), await balance(ana)) == (1, (0, 0))
    assert await fetchval("SELECT count(*) FROM purchase") == 1


async def test_a_card_ends_at_minus_10__azuriom_shop_285(ana: UUID) -> None:
    """Ten parallel checkouts of 30 on a card of 100 and 20: exactly four succeed, and nothing is below zero."""
    await paid_in(ana, 100_00, 20_00)
    done = await asyncio.gather(*(checkout(ana, 30_00, f"R{n}") for n in range(10)), return_exceptions=True)
    assert len([one for one in done if not isinstance(one, Exception)]) == 4
    assert {type(one).__name__ for one in done if isinstance(one, Exception)} == {"TooLittleStoredValue"}
    assert await balance(ana) == (0, 0)
    assert await fetch("SELECT 1 FROM lot WHERE remaining < 0") == []


async def test_more_than_is_there_is_refused_with_what_is_there(ana: UUID) -> None:
    await paid_in(ana, 100_00)
    with pytest.raises(TooLittleStoredValue, match=r"only ¥100.00 of stored value") as refusal:
        await checkout(ana, 110_00)
    assert refusal.value.facts == {"available": 100_00}
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_stored_value_is_spent_in_its_own_currency_only(ana: UUID, store: UUID) -> None:
    await paid_in(ana, 100_00)
    assert await holds(ana, store, "CNY") == 100_00
    assert await holds(ana, store, "HKD") is None


async def test_a_return_gives_back_to_the_same_lots(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    bought = await checkout(ana, 80_00)
    await bring_back(bought.id)
    assert await balance(ana) == (500_00, 50_00)


async def test_partial_returns_add_up_to_what_was_paid(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    bought = await checkout(ana, 80_01)
    for number, amount in enumerate((10_00, 33_33, 36_68)):
        await bring_back(bought.id, amount, f"B{number}")
    assert await balance(ana) == (500_00, 50_00)


async def test_bonus_that_expired_meanwhile_comes_back_by_the_policy_of_the_ledger(ana: UUID) -> None:
    chosen = await offer(bonus_days=10)
    await recharge(NewRecharge(member=ana, amount=500_00, payments=[Paid("cash", 500_00)], offer=chosen))
    bought = await checkout(ana, 50_00)
    with clock.frozen(NOW + timedelta(days=20)):
        await bring_back(bought.id)
        assert await balance(ana) == (500_00, 50_00)
    with clock.frozen(NOW + timedelta(days=60)):
        assert await balance(ana) == (500_00, 0)


async def test_bonus_is_gone_after_the_months_that_are_set(ana: UUID) -> None:
    await set_wallet(bonus_months=3)
    await paid_in(ana, 500_00, 50_00)
    with clock.frozen(datetime(2027, 2, 20, 15, 59, tzinfo=UTC)):
        assert await balance(ana) == (500_00, 50_00)
    with clock.frozen(datetime(2027, 2, 20, 16, 0, tzinfo=UTC)):
        assert await balance(ana) == (500_00, 0)


async def test_what_is_bought_with_it_earns_unless_it_is_bonus(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    assert await points(ana) == 0
    await checkout(ana, 80_00)
    assert await points(ana) == 30


async def test_a_recharge_that_earned_pays_for_what_earns_nothing(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    await paid_in(ana, 500_00, 50_00)
    assert await points(ana) == 500
    await checkout(ana, 300_00, by_value=200_00)
    assert await points(ana) == 600


async def test_nothing_earns_twice_when_the_setting_changes_in_between(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    await paid_in(ana, 100_00)
    await set_wallet(earns="spending")
    await paid_in(ana, 100_00)
    await checkout(ana, 200_00)
    assert await points(ana) == 200


async def test_a_refund_takes_back_bonus_in_proportion_and_what_the_recharge_earned(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    paid = await paid_in(ana, 500_00, 50_00)
    done = await refund(paid.id, 200_00, method="cash", reason="moves away")
    assert (done.refund.principal, done.refund.bonus, done.refund.paid_out) == (200_00, 20_00, 200_00)
    assert (await balance(ana), await points(ana), await taken_in_cash()) == ((300_00, 30_00), 300, 300_00)


async def test_bonus_that_was_spent_before_a_refund_is_taken_off_the_money(ana: UUID) -> None:
    paid = await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 50_00)
    _row, shown = await preview_refund(paid.id)
    assert (shown.principal, shown.bonus, shown.kept, shown.paid_out) == (500_00, 0, 50_00, 450_00)
    await refund(paid.id, method="cash", reason="moves away")
    assert (await balance(ana), await taken_in_cash()) == ((0, 0), 50_00)


async def test_bonus_that_was_spent_is_charged_once_over_several_refunds(ana: UUID) -> None:
    paid = await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 50_00)
    kept = [
        (await refund(paid.id, amount, method="cash", reason="wants some back")).refund.kept
        for amount in (100_00, 150_00, 250_00)
    ]
    assert sum(kept) == 50_00


@pytest.mark.parametrize("parts", [(500_00,), (250_00, 250_00), (100_00, 400_00), (450_00, 50_00)])
async def test_bonus_that_expired_lessens_what_is_charged_once_over_several_refunds(
    ana: UUID, parts: tuple[int, ...]
) -> None:
    await set_wallet(bonus_months=1)
    paid = await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 25_00)
    with clock.frozen(NOW + timedelta(days=40)):
        kept = [(await refund(paid.id, part, method="cash", reason="wants some back")).refund.kept for part in parts]
    assert sum(kept) == 25_00


async def test_what_bonus_paid_does_not_come_back_as_cash(ana: UUID) -> None:
    await paid_in(ana, 50_00, 50_00)
    bought = await checkout(ana, 130_00, by_value=100_00)
    with pytest.raises(Invalid, match=r"only ¥30\.00 can go back otherwise: the rest goes back as it was paid"):
        await bring_back(bought.id, 60_00, refunds=[NewPayment("cash", 60_00)])
    await bring_back(bought.id, 60_00, refunds=[NewPayment("cash", 30_00), NewPayment(VALUE, 30_00)])
    with pytest.raises(Invalid, match=r"only ¥0\.00 can go back otherwise"):
        await bring_back(bought.id, 10_00, "B2", refunds=[NewPayment("cash", 10_00)])
    await bring_back(bought.id, number="B3")
    assert await balance(ana) == (50_00, 50_00)


async def test_no_change_is_given_on_stored_value(ana: UUID) -> None:
    await paid_in(ana, 50_00, 50_00)
    payments = [NewPayment(VALUE, 100_00), NewPayment("cash", -60_00)]
    with pytest.raises(Invalid, match="more change is given than was paid"):
        await record_purchase(replace(sale(ana, 40_00), payments=payments))
    assert await balance(ana) == (50_00, 50_00)


async def test_bonus_that_was_spent_may_be_given(ana: UUID) -> None:
    await set_wallet(spent_bonus="forgive")
    paid = await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 50_00)
    done = await refund(paid.id, method="cash", reason="moves away")
    assert done.refund.paid_out == 500_00


async def test_all_that_is_left_of_the_bonus_lapses_where_that_is_set(ana: UUID) -> None:
    await set_wallet(refund_bonus="all")
    paid = await paid_in(ana, 500_00, 50_00)
    await refund(paid.id, 100_00, method="cash", reason="wants some back")
    assert await balance(ana) == (400_00, 0)


async def test_bonus_alone_is_never_paid_out(ana: UUID) -> None:
    await set_wallet(spend_order="principal_first")
    paid = await paid_in(ana, 500_00, 50_00)
    await checkout(ana, 500_00)
    with pytest.raises(NothingToRefund, match="Nothing is left"):
        await refund(paid.id, method="cash", reason="wants the rest")


async def test_a_refund_takes_only_what_is_left_of_its_recharge(ana: UUID) -> None:
    paid = await paid_in(ana, 500_00)
    await paid_in(ana, 300_00)
    await checkout(ana, 100_00)
    with pytest.raises(NothingToRefund, match=r"¥400.00 are left of this recharge"):
        await refund(paid.id, 500_00, method="cash", reason="wants all")


async def test_two_desks_that_refund_at_once_pay_out_once(ana: UUID) -> None:
    paid = await paid_in(ana, 500_00)
    done = await asyncio.gather(
        *(refund(paid.id, method="cash", reason="moves away") for _ in range(4)), return_exceptions=True
    )
    assert [type(one).__name__ for one in done].count("Refunded") == 1
    assert (await balance(ana), await taken_in_cash()) == ((0, 0), 0)


async def test_a_known_member_holds_at_most_5000_yuan_of_principal(ana: UUID) -> None:
    await paid_in(ana, 4900_00)
    with pytest.raises(TooMuchAhead, match=r"at most 5000 ahead: ¥100.00") as refusal:
        await paid_in(ana, 200_00)
    assert refusal.value.facts == {"most": 100_00}


async def test_desks_that_recharge_at_once_never_exceed_the_limit_together(ana: UUID) -> None:
    done = await asyncio.gather(*(paid_in(ana, 2000_00) for _ in range(5)), return_exceptions=True)
    assert ([type(one).__name__ for one in done].count("TooMuchAhead"), await balance(ana)) == (3, (4000_00, 0))


async def test_a_member_nobody_can_tell_holds_at_most_1000_yuan(store: UUID) -> None:
    someone = await create_member(NewMember(name="Someone", store=store))
    with pytest.raises(TooMuchAhead, match="without phone or other identity may hold at most 1000"):
        await paid_in(someone, 1100_00)


async def test_a_correction_by_hand_moves_no_money(ana: UUID) -> None:
    await adjust(ana, "bonus", 25_00, reason="sorry for the wait")
    await adjust(ana, "bonus", -5_00, reason="typed too much")
    assert (await balance(ana), await taken_in_cash()) == ((0, 20_00), 0)


async def test_entries_say_why_they_are_there_in_both_languages(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    (entry,) = await ledger.entries(ana, ["wallet.bonus_value.CNY"])
    assert explanations(entry) == {
        "en": "Bonus on a recharge of ¥500.00: 50000 + 5000",
        "zh_Hans": "充值¥500.00赠送：50000 + 5000",
    }
