"""What a return takes back makes room again below the limits of rules, and never more than points have gone."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sell
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetchval
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.points.earning import changing
from tessera.points.earning.rules import PER_AMOUNT
from tessera_hooks import EarningSpec, Fixed, PerAmount, Rate

PER_YUAN = PerAmount((Rate(Decimal(1)),))


@pytest.fixture(autouse=True)
async def only_what_a_test_adds(ana: UUID) -> None:
    await changing.switch(PER_AMOUNT, on=False)


async def rule(**said: object) -> None:
    """A point for each yuan, or what is said."""
    await changing.add_rule("Rule", EarningSpec(**{"earns": PER_YUAN, **said}))  # type: ignore[arg-type]


async def has(member: UUID) -> int:
    return await points.available([await account_of(member)])


async def test_a_purchase_that_is_exchanged_earns_as_one_under_a_limit_a_day(ana: UUID) -> None:
    await rule(most_per_day=50)
    sold = await sell(ana, 80_00)
    await bring_back(sold.id)
    assert ((await sell(ana, 80_00, "R2")).points.earned, await has(ana)) == (50, 50)


async def test_a_part_that_comes_back_makes_room_for_as_much(ana: UUID) -> None:
    await rule(most_per_day=50)
    sold = await sell(ana, 100_00)
    await bring_back(sold.id, amount=40_00)
    assert [(await sell(ana, 100_00, f"R{n}")).points.earned for n in (2, 3)] == [20, 0]
    assert await has(ana) == 50


async def test_the_room_is_made_on_the_day_of_the_purchase(ana: UUID) -> None:
    await rule(most_per_day=50)
    sold = await sell(ana, 80_00)
    with clock.frozen(NOW + timedelta(days=1)):
        await sell(ana, 80_00, "R2")
        await bring_back(sold.id)
        assert (await sell(ana, 80_00, "R3")).points.earned == 0
        assert await has(ana) == 50


async def test_the_limit_of_a_member_has_room_again_whenever_it_comes_back(ana: UUID) -> None:
    await rule(most_per_member=50)
    sold = await sell(ana, 80_00)
    with clock.frozen(NOW + timedelta(days=300)):
        await bring_back(sold.id)
        assert (await sell(ana, 80_00, "R2")).points.earned == 50


async def test_what_had_expired_makes_no_room(ana: UUID) -> None:
    await rule(most_per_member=50)
    sold = await sell(ana, 80_00)
    await execute("UPDATE lot SET expires_at = $1", NOW + timedelta(days=5))
    with clock.frozen(NOW + timedelta(days=9)):
        await points.book_all_expired()
        await bring_back(sold.id)
        assert (await sell(ana, 80_00, "R2")).points.earned == 0


async def test_a_first_purchase_that_came_back_altogether_was_none(ana: UUID) -> None:
    await rule(earns=Fixed(100), first_purchase=True)
    sold = await sell(ana, 80_00)
    await bring_back(sold.id)
    with clock.frozen(NOW + timedelta(days=1)):
        assert [(await sell(ana, 80_00, f"R{n}")).points.earned for n in (2, 3)] == [100, 0]
        assert await has(ana) == 100


async def test_a_first_purchase_of_which_a_part_came_back_stays_the_first(ana: UUID) -> None:
    await rule(earns=Fixed(100), first_purchase=True)
    sold = await sell(ana, 80_00)
    await bring_back(sold.id, amount=79_99)
    with clock.frozen(NOW + timedelta(days=1)):
        assert (await sell(ana, 80_00, "R2")).points.earned == 0


SPECS = st.lists(
    st.one_of(
        st.builds(lambda cap: EarningSpec(earns=PER_YUAN, most_per_day=cap), st.integers(1, 90)),
        st.builds(lambda cap: EarningSpec(earns=PER_YUAN, most_per_member=cap), st.integers(1, 90)),
        st.builds(lambda p, cap: EarningSpec(earns=Fixed(p), most_per_day=cap), st.integers(1, 50), st.integers(1, 90)),
        st.just(EarningSpec(earns=Fixed(11), first_purchase=True)),
        st.just(EarningSpec(earns=PER_YUAN)),
    ),
    min_size=1,
    max_size=3,
)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 99_99)),
        st.tuples(st.just("return"), st.integers(0, 9), st.integers(1, 99_99)),
        st.tuples(st.just("wait"), st.integers(1, 2)),
    ),
    min_size=2,
    max_size=10,
)


@given(specs=SPECS, steps=STEPS)
async def test_no_order_of_buying_and_returning_gives_more_than_what_is_kept_would(
    store: UUID, specs: list[EarningSpec], steps: list[tuple[str, ...]]
) -> None:
    """Never more than each rule's limits, nor, without limits, than the kept parts; all returned leaves nothing."""
    await execute("TRUNCATE earning_rule")
    await generation.reread()
    await changing.switch(PER_AMOUNT, on=False)
    for number, spec in enumerate(specs):
        await changing.add_rule(f"Rule {number}", spec)
    ben = await create_member(NewMember(name="Ben", store=store))
    left: dict[UUID, int] = {}
    bought: dict[UUID, tuple[date, int]] = {}
    now = NOW
    for n, (what, *values) in enumerate(steps):
        with clock.frozen(now):
            if what == "buy":
                done = await sell(ben, values[0], f"{ben}-{n}")
                left[done.id], bought[done.id] = values[0], (now.date(), values[0])
            elif what == "return" and (open_ones := [one for one in left if left[one]]):
                chosen = open_ones[values[0] % len(open_ones)]
                part = min(values[1], left[chosen])
                await bring_back(chosen, f"{ben}-{n}", amount=part)
                left[chosen] -= part
            elif what == "wait":
                now += timedelta(days=values[0])
            assert await has(ben) <= _most(specs, left, bought)
    with clock.frozen(now):
        for n, (one, amount) in enumerate(left.items()):
            if amount:
                await bring_back(one, f"{ben}-last-{n}", amount=amount)
        assert await has(ben) == 0
        fresh = await create_member(NewMember(name="Fresh", store=store))
        again = [await sell(who, 88_00, f"{who}-again") for who in (ben, fresh)]
        assert again[0].points.earned == again[1].points.earned
    assert await fetchval("SELECT coalesce(sum(debt), 0)::bigint FROM balance") == 0


def _most(specs: list[EarningSpec], left: dict[UUID, int], bought: dict[UUID, tuple[date, int]]) -> int:
    """The most that may be there: each rule for what is kept, cut by its limits; parts may round up by a point."""
    kept = [one for one in left if left[one]]
    total = 0
    for spec in specs:
        given = {one: spec.earns.points if isinstance(spec.earns, Fixed) else bought[one][1] // 100 for one in kept}
        by_day = Counter[date]()
        for one, worth in given.items():
            part = -(-worth * left[one] // bought[one][1]) + 1
            by_day[bought[one][0]] += part if not spec.first_purchase else 0
        if spec.first_purchase:
            total += 11 if kept else 0
            continue
        most = sum(min(sum_, spec.most_per_day or sum_) for sum_ in by_day.values())
        total += min(most, spec.most_per_member or most)
    return total
