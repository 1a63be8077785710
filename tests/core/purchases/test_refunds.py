"""What goes back for a return: points into their lots, money by its methods, the rest to its plugins."""

from __future__ import annotations

import types
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale, sell
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import NewPayment, NewReturn, RecordedReturn
from tessera_hooks import Claim, Tender


async def paid(member: UUID | None, amount: int, number: str = "R9", **methods: int) -> UUID:
    payments = [NewPayment(method.replace("__", "."), part) for method, part in methods.items()]
    return (await service.record_purchase(replace(sale(member, amount, number), payments=payments))).id


def by_method(done: RecordedReturn) -> dict[str, int]:
    return {tender.method: tender.amount for tender in done.refunds}


async def test_money_goes_back_as_it_was_paid(ana: UUID) -> None:
    bought = await paid(ana, 100_00, cash=70_00, card=30_00)
    assert by_method(await bring_back(bought, "B1", amount=10_00)) == {"cash": 7_00, "card": 3_00}
    rows = await fetch("SELECT method, amount FROM refund ORDER BY place")
    assert [tuple(row) for row in rows] == [("cash", 7_00), ("card", 3_00)]


@given(
    methods=st.dictionaries(st.sampled_from(["cash", "card", "wechat"]), st.integers(1, 999), min_size=1),
    parts=st.lists(st.integers(1, 500), max_size=4),
)
async def test_in_whatever_parts_it_comes_back_each_method_gives_back_what_it_took(
    store: UUID, methods: dict[str, int], parts: list[int]
) -> None:
    bought, left, back = await paid(None, sum(methods.values()), uuid7().hex, **methods), sum(methods.values()), []
    for part in [part for part in parts if part]:
        taken = min(part, left - 1)
        left -= max(taken, 0)
        back += (await bring_back(bought, uuid7().hex, amount=taken)).refunds if taken > 0 else ()
    back += (await bring_back(bought, uuid7().hex)).refunds
    given_back = {method: sum(t.amount for t in back if t.method == method) for method in methods}
    assert given_back == methods
    assert all(tender.amount > 0 for tender in back)


async def test_what_was_sold_without_saying_how_it_was_paid_goes_back_by_no_method(ana: UUID) -> None:
    bought = (await sell(ana, 100_00)).id
    assert by_method(await bring_back(bought)) == {}


async def test_of_a_sale_paid_in_part_the_part_goes_back(ana: UUID) -> None:
    bought = await paid(ana, 100_00, cash=60_00)
    assert by_method(await bring_back(bought, "B1", amount=50_00)) == {"cash": 30_00}
    assert by_method(await bring_back(bought, "B2")) == {"cash": 30_00}


async def test_the_till_says_how_the_money_went_back(ana: UUID) -> None:
    bought = await paid(ana, 100_00, cash=70_00, card=30_00)
    done = await bring_back(bought, "B1", amount=40_00, refunds=[NewPayment("cash", 40_00)])
    assert by_method(done) == {"cash": 40_00}
    assert by_method(await bring_back(bought, "B2")) == {"cash": 30_00, "card": 30_00}


@pytest.mark.parametrize(
    ("refunds", "field", "said"),
    [
        ([NewPayment("cash", 39_99)], "refunds", "the refunds come to ¥39.99 and ¥40.00 goes back"),
        ([NewPayment("cash", 0)], "refunds.0.amount", "give an amount above zero"),
        ([NewPayment("dummy.purse", 40_00)], "refunds.0.amount", 'only ¥0.00 can go back by "dummy.purse"'),
    ],
)
async def test_refunds_that_cannot_be_are_named(
    ana: UUID, dummy: types.ModuleType, refunds: list[NewPayment], field: str, said: str
) -> None:
    bought = await paid(ana, 100_00, cash=100_00)
    with pytest.raises(Invalid) as refused:
        await bring_back(bought, "B1", amount=40_00, refunds=refunds)
    assert [(error.field, str(error.message)) for error in refused.value.errors] == [(field, said)]
    assert await fetchval("SELECT count(*) FROM purchase_return") == 0


async def test_the_purse_takes_back_its_part_and_a_voucher_the_whole(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    await dummy.give_voucher("A", 5_00)
    new = replace(
        sale(ana, 40_00),
        payments=[NewPayment("dummy.purse", 30_00), NewPayment("cash", 10_00)],
        claims=[Claim("dummy.voucher", "A")],
    )
    bought = await service.record_purchase(new)
    await bring_back(bought.id, "B1", amount=20_00)
    assert await fetchval("SELECT amount FROM dummy.seen WHERE what = 'purse'") == 15_00
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'voucher A'") == 0
    await bring_back(bought.id, "B2")
    assert await fetchval("SELECT amount FROM dummy.seen WHERE what = 'purse'") == 30_00
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'voucher A'") == 1


async def test_what_the_purse_took_is_back_before_points_move_as_at_the_sale(
    ana: UUID, dummy: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, really = [], points.take_back

    async def take_back(returned: points.Returned) -> points.TakenBack:
        seen.append(await fetchval("SELECT amount FROM dummy.seen WHERE what = 'purse'"))
        return await really(returned)

    await dummy.fill_purse(ana, 30_00)
    bought = await paid(ana, 30_00, dummy__purse=30_00)
    monkeypatch.setattr(points, "take_back", take_back)
    await bring_back(bought)
    assert seen == [30_00]


async def test_a_voucher_does_not_come_back_while_a_part_that_cost_nothing_is_kept(
    ana: UUID, dummy: types.ModuleType
) -> None:
    await dummy.give_voucher("A", 40_00)
    lines = [service.NewLine(sku="tea", quantity=Decimal(2), amount=40_00)]
    free = replace(sale(ana, 0), lines=lines, discount=40_00, claims=[Claim("dummy.voucher", "A")])
    bought = await service.record_purchase(free)
    tea = bought.lines[0]
    await bring_back(bought.id, "B1", lines=[service.LineBack(tea, Decimal(1))])
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'voucher A'") == 0
    await bring_back(bought.id, "B2", lines=[service.LineBack(tea, Decimal(1))])
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'voucher A'") == 1


async def test_points_that_paid_come_back_in_proportion_and_add_up(ana: UUID) -> None:
    await sell(ana, 1_000_00)
    new = replace(sale(ana, 30_00, "R2"), redeem={"points": 1000}, payments=[NewPayment("cash", 20_00)])
    bought = await service.record_purchase(new)
    assert (bought.points.earned, bought.points.available) == (20, 20)
    backs = [await bring_back(bought.id, f"B{n}", amount=10_00) for n in range(3)]
    assert [back.points.restored for back in backs] == [333, 333, 334]
    assert [by_method(back)["cash"] for back in backs] == [6_67, 6_67, 6_66]
    assert (backs[-1].points.available, backs[-1].points.debt) == (1000, 0)
    assert await points.verify() == []


async def test_the_same_return_again_has_the_same_answer(ana: UUID) -> None:
    await sell(ana, 1_000_00)
    new = replace(sale(ana, 30_00, "R2"), redeem={"points": 1000}, payments=[NewPayment("cash", 20_00)])
    bought = await service.record_purchase(new)
    first, again = await bring_back(bought.id), await bring_back(bought.id)
    assert replace(again, again=False) == first
    with pytest.raises(service.ReturnConflict):
        await bring_back(bought.id, refunds=[NewPayment("cash", 20_00)])


def orphan(amount: int, **more: object) -> NewReturn:
    return NewReturn(source="till", external_id="B1", purchase_external_id="R9", store="main", amount=amount, **more)  # type: ignore[arg-type]


async def test_an_orphan_gives_back_as_its_purchase_was_paid_once_that_arrives(ana: UUID) -> None:
    assert by_method(await service.record_return(orphan(10_00))) == {}
    await paid(ana, 100_00, cash=70_00, card=30_00)
    rows = await fetch("SELECT method, amount FROM refund ORDER BY place")
    assert [tuple(row) for row in rows] == [("cash", 7_00), ("card", 3_00)]


async def test_an_orphan_keeps_what_the_till_said(ana: UUID, dummy: types.ModuleType) -> None:
    with pytest.raises(Invalid, match="this purchase is not known yet"):
        await service.record_return(orphan(10_00, refunds=[NewPayment("dummy.purse", 10_00)]))
    done = await service.record_return(orphan(10_00, refunds=[NewPayment("card", 10_00)]))
    assert done.refunds == [Tender("card", 10_00)]
    bought = await paid(ana, 100_00, cash=70_00, card=30_00)
    assert by_method(await bring_back(bought, "B2")) == {"cash": 70_00, "card": 20_00}


async def test_goods_given_for_nothing_come_back_for_nothing(store: UUID) -> None:
    member = await create_member(NewMember(name="Free", store=store))
    lines = [service.NewLine(sku="gift", quantity=Decimal(1), amount=0)]
    bought = await service.record_purchase(replace(sale(member, 0), lines=lines))
    done = await bring_back(bought.id)
    assert (done.amount, done.refunds, await points.available([await account_of(member)])) == (0, [], 0)
