"""Whatever is paid in, spent, returned and paid out in whatever order: money in is money out and what is held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.wallet.ahead import balance, bring_back, checkout, paid_in, set_wallet

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.database import fetchrow, fetchval
from tessera.members.service import NewMember, create_member
from tessera.points import service as points
from tessera_wallet.value.paying import TooLittleStoredValue
from tessera_wallet.value.refunding import NothingToRefund, refund
from tessera_wallet.value.splitting import back, bonus_due, split

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

ORDERS = st.sampled_from(["bonus_first", "principal_first", "proportional"])

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("recharge"), st.integers(1, 300_00), st.integers(0, 90_00)),
        st.tuples(st.just("spend"), st.integers(1, 200_00)),
        st.tuples(st.just("return"), st.integers(0, 4), st.integers(1, 150_00)),
        st.tuples(st.just("refund"), st.integers(0, 4), st.integers(1, 200_00)),
        st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
    ),
    max_size=8,
)


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with system_actor():
        yield


@dataclass
class Story:
    """What one member has done so far, counted beside the wallet."""

    member: UUID
    at: datetime = NOW
    recharges: list[UUID] = field(default_factory=list)
    bought: list[UUID] = field(default_factory=list)
    left: dict[UUID, int] = field(default_factory=dict)
    paid: int = 0
    out: int = 0
    numbers: int = 0

    def number(self) -> str:
        self.numbers += 1
        return f"{self.member}-{self.numbers}"

    async def recharge(self, amount: int, bonus: int) -> None:
        self.recharges.append((await paid_in(self.member, amount, bonus)).id)
        self.paid += amount

    async def spend(self, amount: int) -> None:
        if sum(await balance(self.member)) < amount:
            with pytest.raises(TooLittleStoredValue):
                await checkout(self.member, amount, self.number())
            return
        done = await checkout(self.member, amount, self.number())
        self.bought.append(done.id)
        self.left[done.id] = amount

    async def bring_back(self, place: int, amount: int) -> None:
        open_ones = [one for one in self.bought if self.left[one]]
        if open_ones:
            purchase = open_ones[place % len(open_ones)]
            part = min(amount, self.left[purchase])
            await bring_back(purchase, part, self.number())
            self.left[purchase] -= part

    async def refund(self, place: int, amount: int) -> None:
        if not self.recharges:
            return
        recharge = self.recharges[place % len(self.recharges)]
        with suppress(NothingToRefund):
            done = await refund(recharge, amount, method="cash", reason="wants some back")
            self.out += done.refund.paid_out

    async def step(self, what: str, *values: int) -> None:
        with clock.frozen(self.at):
            match what:
                case "recharge":
                    await self.recharge(*values)
                case "spend":
                    await self.spend(*values)
                case "return":
                    await self.bring_back(*values)
                case "refund":
                    await self.refund(*values)
                case _:
                    self.at += timedelta(days=values[0])


_SPENT = """
SELECT coalesce(sum(principal - principal_back), 0)::bigint AS principal,
    coalesce(sum(bonus - bonus_back), 0)::bigint AS bonus,
    coalesce(sum(principal + bonus - principal_back - bonus_back), 0)::bigint AS all
FROM wallet.value_payment WHERE member = $1
"""


_KEPT = "SELECT coalesce(sum(kept), 0)::bigint FROM wallet.value_refund WHERE member = $1"


async def check(story: Story) -> None:
    with clock.frozen(story.at):
        principal, bonus = await balance(story.member)
    spent = await fetchrow(_SPENT, story.member)
    kept = await fetchval(
        "SELECT coalesce(sum(kept), 0)::bigint FROM wallet.value_refund WHERE member = $1", story.member
    )
    assert principal >= 0
    assert bonus >= 0
    assert story.paid == story.out + kept + principal + spent["principal"]
    assert spent["all"] == sum(story.left.values())
    assert story.out <= story.paid


@given(order=ORDERS, spent_bonus=st.sampled_from(["deduct", "forgive"]), months=st.integers(0, 1), steps=STEPS)
async def test_money_in_is_money_out_and_what_is_held(store, order, spent_bonus, months, steps) -> None:
    await set_wallet(
        spend_order=order, spent_bonus=spent_bonus, bonus_months=months, registered_limit=0, unregistered_limit=0
    )
    story = Story(await create_member(NewMember(name="Somebody", store=store)))
    for step in steps:
        await story.step(*step)
    await check(story)
    assert await points.verify() == []


@given(st.data(), ORDERS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_payment_never_takes_more_than_there_is_of_either(data, order, principal, bonus) -> None:
    amount = data.draw(st.integers(0, principal + bonus))
    of_principal, of_bonus = split(amount, principal, bonus, order)
    assert of_principal + of_bonus == amount
    assert 0 <= of_principal <= principal
    assert 0 <= of_bonus <= bonus


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.lists(st.integers(1, 10**6), max_size=6))
def test_parts_that_go_back_add_up_to_what_was_paid(principal, bonus, wanted) -> None:
    gone = [0, 0]
    for part in [*wanted, principal + bonus]:
        amount = min(part, principal + bonus - sum(gone))
        of_principal, of_bonus = back(amount, principal, bonus, *gone)
        assert of_principal >= 0
        assert of_bonus >= 0
        gone = [gone[0] + of_principal, gone[1] + of_bonus]
    assert gone == [principal, bonus]


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.lists(st.integers(1, 10**5), max_size=6))
def test_bonus_that_goes_with_refunds_adds_up(paid, bonus, wanted) -> None:
    refunded = lapsed = 0
    for part in [*wanted, paid]:
        amount = min(part, paid - refunded)
        due = bonus_due(paid, bonus, refunded, lapsed, amount)
        assert due >= 0
        refunded, lapsed = refunded + amount, lapsed + due
    assert lapsed == bonus
