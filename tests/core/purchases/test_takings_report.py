"""What came in: every sale and return stands in the report once, by store, cashier and method."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from core.purchases.selling import sale
from core.purchases.test_shifts import _at, person

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel import clock
from tessera.kernel.database import execute
from tessera.kernel.ids import uuid7
from tessera.purchases import service
from tessera.purchases.service import NewPayment, NewReturn
from tessera.purchases.service.daily import Takings, takings, totals
from tessera.purchases.service.shifts import open_shift
from tessera.purchases.service.takings import take

DAY = date(2026, 11, 20)


async def pay(amount: int, number: str, **paid: int) -> UUID:
    payments = [NewPayment(method, part) for method, part in paid.items()]
    return (await service.record_purchase(replace(sale(None, amount, number), payments=payments))).id


async def by_method(**asked: UUID) -> dict[str, int]:
    return {row.method: row.net for row in totals(await takings(DAY, DAY, **asked))}


async def test_sales_are_summed_by_method(store):
    await pay(1000, "R1", cash=600, card=400)
    await pay(500, "R2", cash=500)
    assert await by_method() == {"cash": 1100, "card": 400}


async def test_what_was_not_said_how_it_was_paid_is_there_too(store):
    await pay(1000, "R1", cash=600)
    assert await by_method() == {"cash": 600, "": 400}


async def test_what_points_paid_stands_apart(store):
    bought = await pay(1000, "R1", cash=600)
    await execute("UPDATE purchase SET points_paid = 400 WHERE id = $1", bought)
    assert await by_method() == {"cash": 600, "points": 400}


async def test_a_return_lowers_what_came_in(store):
    bought = await pay(1000, "R1", cash=1000)
    back = NewReturn(source="till", external_id="B1", purchase=bought, store="main", amount=300)
    await service.record_return(back)
    assert sum((await by_method()).values()) == 700


async def test_what_was_taken_otherwise_is_there(store):
    await take("wallet.recharge", "cash", 5000, "CNY", store=store)
    await take("wallet.refund", "cash", -1000, "CNY", store=store)
    assert await by_method() == {"cash": 4000}


async def test_money_of_a_shift_stands_under_its_cashier(store):
    mia = (await access.add_staff("mia", "Mia", "three quiet lanterns", role_code="cashier", store_code="main")).id
    with _at(await person(mia, store)):
        await open_shift(0)
        await pay(1000, "R1", cash=1000)
    assert [(row.cashier, row.net) for row in await takings(DAY, DAY)] == [("Mia", 1000)]


async def test_a_day_is_that_of_the_store(store):
    await access.add_store("york", name="New York", timezone="America/New_York")
    new = replace(sale(None, 1000), store="york", payments=[NewPayment("cash", 1000)])
    with clock.frozen(clock.now() - timedelta(hours=3)):  # 22:00 of the day before there, 11:00 in Shanghai
        await service.record_purchase(new)
    assert await by_method() == {}
    assert [row.net for row in await takings(DAY - timedelta(days=1), DAY - timedelta(days=1))] == [1000]


async def test_who_works_in_one_store_sees_that_one(store):
    await pay(1000, "R1", cash=1000)
    with acting_as(Actor("staff", "Leo", (Grant(("purchases.read",), uuid7()),), staff_id=uuid7())):
        assert await takings(DAY, DAY) == []


@pytest.mark.parametrize("currency", ["CNY", "USD"])
async def test_currencies_are_never_added_up(store, currency):
    await take("wallet.recharge", "cash", 5000, "CNY", store=store)
    await take("wallet.recharge", "cash", 70, "USD", store=store)
    sums = {row.currency: row.taken for row in totals(await takings(DAY, DAY))}
    assert sums[currency] == {"CNY": 5000, "USD": 70}[currency]


def test_net_is_sales_less_refunds_and_what_was_taken_otherwise():
    assert Takings(None, None, "cash", "CNY", 1000, 300, -50).net == 650
