"""Points as a part of what is paid: on which terms, from which lots, and back again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import pytest
from core.points.people import Holder, earn_for
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.points import service
from tessera.points.service import paying
from tessera.points.service.paying import Terms


async def points_of(holder: Holder, amount: int, *, until: datetime | None = None) -> None:
    await service.credit(holder.account, holder.member, amount, reason="gift", expires_at=until)


async def pay(holder: Holder, points: int, amount: int, purchase: UUID | None = None) -> int:
    return await paying.pay(holder.account, holder.member, points, amount, "CNY", purchase or uuid7())


async def left(holder: Holder) -> int:
    return await service.available([holder.account])


async def test_a_hundred_points_pay_one_unit_of_the_currency(ana: Holder) -> None:
    await points_of(ana, 500)
    assert await pay(ana, 100, 5000) == 100
    assert await left(ana) == 400


async def test_the_debit_names_the_purchase_and_what_it_paid(ana: Holder) -> None:
    await points_of(ana, 500)
    purchase = uuid7()
    await pay(ana, 120, 5000, purchase)
    entry = (await service.entries(ana.member))[0]
    assert (entry.kind, entry.amount, entry.source, entry.purchase) == ("debit", -120, "redeem", purchase)
    assert entry.facts == {"value": 120, "currency": "CNY", "per_unit": 100, "amount": 5000}
    assert await paying.paid_with_points(purchase) == 120


async def test_the_timeline_hears_of_points_that_paid(ana: Holder) -> None:
    await points_of(ana, 500)
    await pay(ana, 120, 5000)
    assert await fetchval("SELECT payload->>'points' FROM event WHERE kind = 'points.spent'") == "120"


async def test_30_points_taken_for_an_order_worth_20(ana: Holder) -> None:
    """Odoo took the points that were given in, not those that the order was worth."""
    await points_of(ana, 100)
    with pytest.raises(Invalid, match="at most 20") as refused:
        await pay(ana, 30, 20)
    assert (refused.value.errors[0].field, refused.value.facts["most"]) == ("redeem.points", 20)
    assert await left(ana) == 100


async def test_the_cashier_chooses_how_many_points_to_spend(ana: Holder) -> None:
    await points_of(ana, 500)
    assert (await paying.quote(ana.member, 30000, "CNY")).most == 500
    await pay(ana, 70, 30000)
    assert await left(ana) == 430


async def test_more_than_there_is_says_how_much_there_is(ana: Holder) -> None:
    await points_of(ana, 50)
    with pytest.raises(service.InsufficientBalance) as refused:
        await pay(ana, 60, 5000)
    assert refused.value.facts == {"available": 50}


async def test_points_pay_no_more_than_their_share(ana: Holder) -> None:
    await points_of(ana, 500)
    await set_setting("points.pay.most_percent", 50)
    assert (await paying.quote(ana.member, 999, "CNY")).most == 499
    with pytest.raises(Invalid, match="at most 499"):
        await pay(ana, 500, 999)


async def test_fewer_than_the_minimum_are_not_taken(ana: Holder) -> None:
    await points_of(ana, 500)
    await set_setting("points.pay.minimum", 200)
    with pytest.raises(Invalid, match="at least 200"):
        await pay(ana, 199, 5000)
    assert (await paying.quote(ana.member, 150, "CNY")).most == 0


async def test_points_are_taken_in_steps(ana: Holder) -> None:
    await points_of(ana, 530)
    await set_setting("points.pay.step", 50)
    with pytest.raises(Invalid, match="steps of 50"):
        await pay(ana, 120, 5000)
    assert (await paying.quote(ana.member, 5000, "CNY")).most == 500


async def test_points_that_buy_no_whole_minor_unit_are_not_taken(ana: Holder) -> None:
    await points_of(ana, 530)
    await set_setting("points.pay.per_unit", 1000)
    with pytest.raises(Invalid, match="steps of 10"):
        await pay(ana, 105, 5000)
    assert await pay(ana, 100, 5000) == 10


async def test_a_currency_may_have_its_own_ratio(ana: Holder) -> None:
    await set_setting("points.pay.per_unit.JPY", 5)
    assert (paying.terms("JPY").worth(20), paying.terms("CNY").worth(20)) == (4, 20)


async def test_where_points_do_not_pay_they_are_refused(ana: Holder) -> None:
    await points_of(ana, 500)
    await set_setting("points.pay.on", False)
    assert (await paying.quote(ana.member, 5000, "CNY")).most == 0
    with pytest.raises(Invalid, match="do not pay"):
        await pay(ana, 100, 5000)


async def test_two_checkouts_spend_the_same_points(ana: Holder) -> None:
    await points_of(ana, 100)
    done = await asyncio.gather(*(pay(ana, 60, 5000) for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["InsufficientBalance"] * 3 + ["int"]
    assert await left(ana) == 40


async def test_a_return_puts_points_back_into_the_lots_they_came_from(ana: Holder) -> None:
    soon, late = datetime(2026, 4, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)
    await points_of(ana, 100, until=soon)
    await points_of(ana, 100, until=late)
    purchase = uuid7()
    await pay(ana, 150, 5000, purchase)
    assert await paying.give_back(purchase, uuid7(), Fraction(1)) == 150
    lots = await fetch("SELECT remaining, expires_at FROM lot ORDER BY expires_at")
    assert [tuple(row) for row in lots] == [(100, soon), (100, late)]
    assert await service.verify() == []


async def test_a_part_comes_back_as_if_less_had_been_spent(ana: Holder) -> None:
    await points_of(ana, 100, until=datetime(2026, 4, 1, tzinfo=UTC))
    await points_of(ana, 100, until=datetime(2027, 4, 1, tzinfo=UTC))
    purchase = uuid7()
    await pay(ana, 150, 5000, purchase)
    await paying.give_back(purchase, uuid7(), Fraction(1, 2))
    assert [row["remaining"] for row in await fetch("SELECT remaining FROM lot ORDER BY expires_at")] == [25, 100]


@pytest.mark.parametrize("parts", [(1, 1), (1, 2, 3), (5, 1, 1), (7,)])
async def test_partial_returns_give_back_exactly_what_was_paid(ana: Holder, parts: tuple[int, ...]) -> None:
    await points_of(ana, 101)
    purchase, total = uuid7(), sum(parts)
    await pay(ana, 101, 5000, purchase)
    shares = [Fraction(sum(parts[: n + 1]), total) for n in range(len(parts))]
    back = [await paying.give_back(purchase, uuid7(), share) for share in shares]
    assert (sum(back), await left(ana)) == (101, 101)


async def test_the_same_share_gives_nothing_back_twice(ana: Holder) -> None:
    await points_of(ana, 100)
    purchase = uuid7()
    await pay(ana, 100, 5000, purchase)
    await paying.give_back(purchase, uuid7(), Fraction(1, 2))
    assert await paying.give_back(purchase, uuid7(), Fraction(1, 2)) == 0


async def test_what_comes_back_pays_what_is_owed_first(ana: Holder) -> None:
    earned, paid = uuid7(), uuid7()
    await points_of(ana, 10)
    await earn_for(ana, 100, purchase=earned)
    await pay(ana, 110, 5000, paid)
    await service.take_back(service.Returned(earned, uuid7(), ana.member, Fraction(1), clock.now()))
    await paying.give_back(paid, uuid7(), Fraction(1))
    facts = (await service.balances(ana.member))["points"]
    assert (facts.debt, facts.available) == (0, 10)
    assert await service.verify() == []


async def test_a_purchase_that_took_no_points_gives_none_back(ana: Holder) -> None:
    assert await paying.give_back(uuid7(), uuid7(), Fraction(1)) == 0


@given(
    amount=st.integers(0, 10**7),
    per_unit=st.integers(1, 5000),
    step=st.integers(1, 200),
    percent=st.integers(0, 100),
    minimum=st.integers(0, 1000),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_points_never_pay_more_than_their_share(
    amount: int, per_unit: int, step: int, percent: int, minimum: int, currency: str
) -> None:
    known = Terms(True, per_unit, minimum, step, percent, currency)
    assert known.worth(known.most(amount)) * 100 <= amount * percent


@given(per_unit=st.integers(1, 5000), step=st.integers(1, 200), times=st.integers(0, 1000))
def test_every_step_is_worth_whole_minor_units(per_unit: int, step: int, times: int) -> None:
    known = Terms(True, per_unit, 0, step, 100, "CNY")
    points = times * known.whole_step
    assert Fraction(points * 100, per_unit) == known.worth(points)
