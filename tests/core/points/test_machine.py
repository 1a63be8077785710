"""Two members, two units, anything in any order: the ledger is what plain arithmetic says, and adds up each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from core.points.model import Given, Purse, Spent, due
from core.points.people import START, Holder, earn_for, new_holder
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.service import Returned
from tessera.points.units import known_unit, term

CLAPS = "dummy.claps"
"""A unit with a floor below zero."""

UNITS = ("points", CLAPS)
WHO = st.integers(0, 1)
UNIT = st.sampled_from(UNITS)
PART = st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(1)])

STEP = st.one_of(
    st.tuples(
        st.just("credit"), WHO, UNIT, st.integers(1, 60), st.sampled_from([0, 0, 3, 20]), st.sampled_from([None, 5, 30])
    ),
    st.tuples(st.just("buy"), WHO, st.integers(1, 60)),
    st.tuples(st.just("debit"), WHO, UNIT, st.integers(1, 80)),
    st.tuples(st.just("undo debit"), st.integers(0, 9), PART),
    st.tuples(st.just("undo credit"), st.integers(0, 9), PART),
    st.tuples(st.just("return"), st.integers(0, 9), PART),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 6, 29, 400])),
    st.tuples(st.just("book")),
)


@dataclass
class World:
    """What has happened so far, in the ledger and in the model."""

    holders: list[Holder]
    purses: dict[tuple[int, str], Purse]
    now: datetime = START
    spent: list[tuple[Purse, Spent, UUID]] = field(default_factory=list)
    given: list[tuple[Purse, Given, UUID]] = field(default_factory=list)
    bought: list[tuple[Purse, Given, UUID, Fraction, Holder]] = field(default_factory=list)

    async def step(self, what: str, *values: Any) -> None:
        match what:
            case "credit":
                await self.credit(*values)
            case "buy":
                await self.buy(*values)
            case "debit":
                await self.debit(*values)
            case "undo debit":
                await self.undo_debit(*values)
            case "undo credit":
                await self.undo_credit(*values)
            case "return":
                await self.bring_back(*values)
            case "wait":
                self.now += timedelta(days=values[0])
            case _:
                await service.book_all_expired()

    async def credit(self, who: int, unit: str, amount: int, opens_in: int, lasts: int | None) -> None:
        opens = self.now + timedelta(days=opens_in)
        expires = None if lasts is None else opens + timedelta(days=lasts)
        entry = await ledger.credit(
            self.holders[who].member,
            unit,
            amount,
            reason="gift",
            source="dummy.gift",
            opens_at=opens,
            expires_at=expires,
        )
        purse = self.purses[who, unit]
        self.given.append((purse, purse.credit(amount, opens, expires), entry.id))

    async def buy(self, who: int, amount: int) -> None:
        bought = await earn_for(self.holders[who], amount)
        purse = self.purses[who, "points"]
        earned = purse.credit(amount, self.now, term("points", self.now).expires_at)
        self.bought.append((purse, earned, bought, Fraction(0), self.holders[who]))

    async def debit(self, who: int, unit: str, amount: int) -> None:
        purse, member = self.purses[who, unit], self.holders[who].member
        if amount > purse.affordable(self.now):
            with pytest.raises(ledger.InsufficientBalance) as refused:
                await ledger.debit(member, unit, amount, reason="towel", source="dummy.towel")
            assert refused.value.facts["available"] == max(purse.affordable(self.now), 0)
        else:
            entry = await ledger.debit(member, unit, amount, reason="towel", source="dummy.towel")
            self.spent.append((purse, purse.debit(amount, self.now), entry.id))

    async def undo_debit(self, place: int, part: Fraction) -> None:
        if not self.spent:
            return
        purse, spent, entry = self.spent[place % len(self.spent)]
        amount = int(spent.left * part)
        if amount:
            await ledger.reverse(entry, reason="changed", source="dummy.towel", amount=amount)
            unit = next(unit for (_who, unit), one in self.purses.items() if one is purse)
            until = clock.midnight(self.now.date() + timedelta(days=purse.restore_days + 1), "Asia/Shanghai")
            purse.give_back(spent, amount, self.now, until, term(unit, self.now).expires_at)
        elif not spent.left:
            with pytest.raises(ledger.AlreadyReversed):
                await ledger.reverse(entry, reason="changed", source="dummy.towel")

    async def undo_credit(self, place: int, part: Fraction) -> None:
        if not self.given:
            return
        purse, credit, entry = self.given[place % len(self.given)]
        amount = int((credit.amount - credit.settled) * part)
        if amount:
            await ledger.reverse(entry, reason="wrong", source="dummy.gift", amount=amount)
            purse.take_back(credit, amount, self.now)

    async def bring_back(self, place: int, part: Fraction) -> None:
        if not self.bought:
            return
        place %= len(self.bought)
        purse, earned, bought, share, holder = self.bought[place]
        share = min(Fraction(1), share + part)
        self.bought[place] = (purse, earned, bought, share, holder)
        await service.take_back(Returned(bought, uuid7(), holder.member, share, self.now))
        purse.take_back(earned, due(earned, share), self.now)

    async def check(self) -> None:
        for (who, unit), purse in self.purses.items():
            held = (await service.balances(self.holders[who].member)).get(unit, service.BalanceFacts())
            there = (held.available, held.pending, held.debt)
            assert there == (purse.available(self.now), purse.pending(self.now), purse.debt), unit
            assert held.debt == 0 or held.available <= 0
            assert held.debt <= purse.enjoyed


async def adds_up() -> None:
    """L1 and L2: balances, entries, lots and debts are one; nothing is below zero."""
    assert await fetch(_DIFFERS) == []
    assert await fetchval("SELECT count(*) FROM lot WHERE remaining < 0 OR remaining > amount") == 0


_DIFFERS = """
SELECT b.account, b.unit FROM balance b
LEFT JOIN (SELECT account, unit, sum(amount) AS a, sum(debt_change) AS d FROM entry GROUP BY 1, 2) e
  USING (account, unit)
LEFT JOIN (SELECT account, unit, sum(remaining) AS r FROM lot GROUP BY 1, 2) l USING (account, unit)
WHERE b.balance <> coalesce(e.a, 0) OR b.debt <> coalesce(e.d, 0) OR b.balance <> coalesce(l.r, 0) - b.debt
"""


async def a_world(restore_days: int) -> World:
    await set_setting("points.restore_expired_days", restore_days)
    purses = {
        (who, unit): Purse(floor=known_unit(unit).floor, restore_days=restore_days)
        for who in range(2)
        for unit in UNITS
    }
    return World([await new_holder("Ana"), await new_holder("Ben")], purses)


@given(steps=st.lists(STEP, max_size=18), restore_days=st.sampled_from([0, 7]))
async def test_the_ledger_is_what_arithmetic_says_after_every_step(
    business: None, steps: list[tuple[Any, ...]], restore_days: int
) -> None:
    world = await a_world(restore_days)
    for what, *values in steps:
        with clock.frozen(world.now):
            await world.step(str(what), *values)
        with clock.frozen(world.now):
            await world.check()
            await adds_up()
    with clock.frozen(world.now):
        assert await service.verify() == []
        await service.book_all_expired()
        await world.check()


@given(steps=st.lists(STEP, max_size=14), restore_days=st.sampled_from([0, 7]))
async def test_whoever_gets_everything_back_and_gives_everything_back_owes_nothing(
    business: None, steps: list[tuple[Any, ...]], restore_days: int
) -> None:
    """L5: no order of earning, spending, returning, cancelling and expiring leaves a debt for nothing enjoyed."""
    world = await a_world(restore_days)
    for what, *values in steps:
        with clock.frozen(world.now):
            await world.step(str(what), *values)
    with clock.frozen(world.now):
        for place in range(len(world.spent)):
            await world.undo_debit(place, Fraction(1))
        for place in range(len(world.bought)):
            await world.bring_back(place, Fraction(1))
        await world.check()
        assert await fetchval("SELECT coalesce(sum(debt), 0) FROM balance") == 0
