"""Whatever people do in whatever order, the ledger adds up and nobody owes for what they never enjoyed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from core.points.people import START, Holder, earn_for, new_holder
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.points import service
from tessera.points.service import Returned

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.integers(1, 60)),
        st.tuples(st.just("spend"), st.integers(1, 80)),
        st.tuples(st.just("return"), st.integers(0, 5), st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(1)])),
        st.tuples(st.just("wait"), st.integers(1, 500)),
        st.tuples(
            st.just("book"),
        ),
    ),
    max_size=14,
)


@dataclass
class Story:
    """What one member has done so far."""

    holder: Holder
    now: datetime = START
    earned: dict[UUID, int] = field(default_factory=dict)
    shares: dict[UUID, Fraction] = field(default_factory=dict)
    enjoyed: int = 0

    async def earn(self, points: int) -> None:
        bought = await earn_for(self.holder, points)
        self.earned[bought] = points

    async def spend(self, points: int) -> None:
        if await service.available([self.holder.account]) >= points:
            await service.debit(self.holder.account, self.holder.member, points, reason="enjoyed")
            self.enjoyed += points
        else:
            with pytest.raises(service.InsufficientBalance):
                await service.debit(self.holder.account, self.holder.member, points, reason="too much")

    async def bring_back(self, place: int, share: Fraction) -> None:
        if not self.earned:
            return
        bought = list(self.earned)[place % len(self.earned)]
        self.shares[bought] = min(Fraction(1), self.shares.get(bought, Fraction(0)) + share)
        await service.take_back(Returned(bought, uuid7(), self.holder.member, self.shares[bought], clock.now()))

    async def step(self, what: str, *values: object) -> None:
        with clock.frozen(self.now):
            match what, values:
                case "earn", (int(points),):
                    await self.earn(points)
                case "spend", (int(points),):
                    await self.spend(points)
                case "return", (int(place), Fraction() as share):
                    await self.bring_back(place, share)
                case "wait", (int(days),):
                    self.now += timedelta(days=days)
                case _:
                    await service.book_expired()


async def check(story: Story) -> None:
    held = (await service.balances(story.holder.member, at=story.now))["points"]
    entries = await fetch("SELECT amount, debt_change FROM entry WHERE account = $1", story.holder.account)
    lots = await fetchval("SELECT coalesce(sum(remaining), 0) FROM lot WHERE account = $1", story.holder.account)
    assert held.balance == sum(e["amount"] for e in entries) == lots - held.debt
    assert held.debt == sum(e["debt_change"] for e in entries)
    assert held.debt == 0 or held.available <= 0
    assert held.debt <= story.enjoyed


async def check_returns(story: Story) -> None:
    for bought, share in story.shares.items():
        settled = await fetchval(
            "SELECT sum(forgiven - amount)::int FROM entry WHERE purchase = $1 AND kind = 'take_back'", bought
        )
        assert (settled or 0) == int(story.earned[bought] * share)


@given(steps=STEPS)
async def test_balances_lots_and_debt_agree_after_every_step(business: None, steps: list[tuple[object, ...]]) -> None:
    story = Story(await new_holder())
    for what, *values in steps:
        await story.step(str(what), *values)
        await check(story)
    await check_returns(story)
    assert await service.verify() == []


@given(steps=STEPS)
async def test_who_enjoyed_nothing_owes_nothing_once_all_is_returned(
    business: None, steps: list[tuple[object, ...]]
) -> None:
    story = Story(await new_holder())
    for what, *values in steps:
        if what != "spend":
            await story.step(str(what), *values)
    for place in range(len(story.earned)):
        await story.step("return", place, Fraction(1))
    held = (await service.balances(story.holder.member, at=story.now))["points"]
    assert (held.debt, held.balance) == (0, 0)


@given(steps=STEPS, later=st.integers(1, 2000))
async def test_booking_an_expiry_late_changes_nothing_that_can_be_spent(
    business: None, steps: list[tuple[object, ...]], later: int
) -> None:
    prompt, tardy = Story(await new_holder("Ana")), Story(await new_holder("Ben"))
    for what, *values in [*steps, ("wait", later)]:
        for story in (prompt, tardy):
            if what != "book":
                await story.step(str(what), *values)
        with clock.frozen(prompt.now):
            await _book_only(prompt)
        assert await service.available([prompt.holder.account], at=prompt.now) == await service.available(
            [tardy.holder.account], at=tardy.now
        )


async def _book_only(story: Story) -> None:
    from tessera.points.service import expiring

    await expiring.book_expired_of([story.holder.account], "points")
