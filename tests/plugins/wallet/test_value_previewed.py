"""What a preview says would be earned is what the sale then earns, whatever pays for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.wallet.ahead import VALUE, checkout, paid_in, set_wallet

from tessera.access.actor import system_actor
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetchval
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, account_of, create_member
from tessera.plugin import ledger
from tessera.points import service as points
from tessera.points.earning import changing
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase
from tessera_hooks import Claim, EarningSpec, Factor, Fixed, PerAmount, Rate
from tessera_wallet.coupons import issuing
from tessera_wallet.coupons.kinds import NewKind, make_kind

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with clock.frozen(NOW), system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


def thought(member: UUID, amount: int, **more: Any) -> NewPurchase:
    return NewPurchase(buyer=Buyer(id=member), store="main", amount=amount, **more)


async def told(member: UUID, amount: int, **by: int) -> int:
    """What a preview says where so much is paid by stored value."""
    payments = [NewPayment(VALUE, part) for part in by.values()]
    return (await purchases.preview(thought(member, amount, payments=payments))).would_earn


async def test_what_bonus_pays_would_earn_nothing(ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    assert (await told(ana, 80_00), await told(ana, 80_00, value=80_00)) == (80, 30)
    assert (await checkout(ana, 80_00)).points.earned == 30


async def test_what_a_recharge_pays_that_has_earned_would_earn_nothing(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    await paid_in(ana, 100_00)
    await set_wallet(earns="spending")
    await paid_in(ana, 100_00)
    assert await told(ana, 200_00, value=150_00) == 100
    assert (await checkout(ana, 200_00, by_value=150_00)).points.earned == 100


async def test_the_rest_is_thought_to_be_paid_by_the_method_that_is_chosen(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    await paid_in(ana, 100_00)
    basket = thought(ana, 80_00, payments=[NewPayment("cash", 30_00)])
    found = [(await purchases.preview(basket, rest_by=method)).would_earn for method in (VALUE, "cash", None)]
    assert found == [30, 80, 80]


async def test_more_than_is_held_is_not_thought_to_be_paid(ana: UUID) -> None:
    await set_wallet(earns="recharge")
    await paid_in(ana, 100_00)
    assert await told(ana, 250_00, value=250_00) == 150


async def test_what_would_be_drawn_is_what_is_drawn(ana: UUID) -> None:
    unit = f"{VALUE}.CNY"
    for amount in (30_00, 20_00, 50_00):
        await paid_in(ana, amount)
    expected = await ledger.would_draw(ana, unit, 60_00)
    await checkout(ana, 60_00)
    entry = await fetchval("SELECT principal_entry FROM wallet.value_payment")
    assert sorted(expected, key=lambda one: one.entry) == await ledger.drawn(entry)


def per(points_: int) -> PerAmount:
    return PerAmount((Rate(Decimal(points_)),))


RULES = st.lists(
    st.one_of(
        st.builds(lambda p, cap: EarningSpec(earns=per(p), most_per_day=cap), st.integers(1, 5), st.integers(1, 90)),
        st.builds(lambda p, cap: EarningSpec(earns=Fixed(p), most_per_member=cap), st.integers(1, 50), st.just(60)),
        st.builds(lambda f: EarningSpec(earns=Factor(Decimal(f)), categories=("coffee",)), st.integers(1, 3)),
        st.just(EarningSpec(earns=Fixed(11), first_purchase=True)),
    ),
    max_size=3,
)


@dataclass(frozen=True)
class Bought:
    """A basket, and how it is to be paid: hundreds of points, a share by stored value in parts of twelve."""

    coffee: int
    cake: int
    hundreds: int
    twelfths: int
    coupon: bool


BASKETS = st.builds(
    Bought, st.integers(1, 90_00), st.integers(0, 90_00), st.integers(0, 4), st.integers(0, 12), st.booleans()
)

RECHARGES = st.lists(
    st.tuples(st.sampled_from(["recharge", "spending"]), st.integers(1, 120_00), st.integers(0, 40_00)), max_size=4
)

ORDERS = st.sampled_from(["bonus_first", "principal_first", "proportional"])


@settings(max_examples=settings().max_examples // 2)
@given(rules=RULES, order=ORDERS, recharges=RECHARGES, baskets=st.lists(BASKETS, min_size=1, max_size=4))
async def test_a_preview_tells_what_the_sale_then_earns(
    store: UUID, rules: list[EarningSpec], order: str, recharges: list[Any], baskets: list[Bought]
) -> None:
    await execute("TRUNCATE earning_rule")
    await generation.reread()
    for number, spec in enumerate(rules):
        await changing.add_rule(f"Rule {number}", spec)
    await set_wallet(spend_order=order, registered_limit=0, unregistered_limit=0)
    kind = (await make_kind(f"k{uuid7().hex[-12:]}", NewKind(title="Ten off", amount=10_00))).code
    ben = await create_member(NewMember(name="Ben", store=store))
    for earns, amount, bonus in recharges:
        await set_wallet(earns=earns)
        await paid_in(ben, amount, bonus)
    await points.credit(await account_of(ben), ben, 1000, reason="a gift")
    for number, bought in enumerate(baskets):
        with clock.frozen(NOW + timedelta(hours=9 * number)):
            await _sold_as_previewed(ben, bought, kind)
    assert await points.verify() == []


async def _sold_as_previewed(member: UUID, bought: Bought, kind: str) -> None:
    held = [await issuing.issue(member, kind)] if bought.coupon else []
    lines = [NewLine(category="coffee", amount=bought.coffee), NewLine(category="cake", amount=bought.cake)]
    new = thought(
        member,
        bought.coffee + bought.cake,
        lines=lines,
        claims=[Claim("wallet.coupon", one.code) for one in held],
    )
    offered = await purchases.preview(new)
    most = offered.spendable.most if offered.spendable else 0
    new = replace(new, redeem={"points": min(bought.hundreds * 100, most // 100 * 100)})
    due = (await purchases.preview(new)).due
    value = next((way.holds or 0 for way in offered.methods if way.method == VALUE), 0)
    by_value = min(value, due * bought.twelfths // 12)
    parts = [NewPayment(VALUE, by_value)] if by_value else []
    seen = await purchases.preview(replace(new, payments=parts), rest_by="cash")
    paid = [*parts, NewPayment("cash", due - by_value)] if due > by_value else parts
    sale = replace(
        new,
        source="till",
        external_id=uuid7().hex,
        amount=seen.to_pay,
        discount=seen.amount - seen.to_pay,
        payments=paid,
    )
    done = await purchases.record_purchase(sale)
    assert done.points.earned == seen.would_earn
