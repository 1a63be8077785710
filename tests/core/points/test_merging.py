"""Whoever has several accounts after a merge has one purse; and gets out of it what went in."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from core.points.people import START, Holder, earn_for, new_holder
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.members.service import account_of, merging, survivor_of
from tessera.points import service
from tessera.points.service import InsufficientBalance, MergeInUse, Returned


async def held(member: UUID) -> service.BalanceFacts:
    return (await service.balances(member))["points"]


async def spend(holder: Holder, amount: int) -> None:
    await service.debit(await account_of(holder.member), holder.member, amount, reason="a towel")


async def give_back(holder: Holder, purchase: UUID) -> service.TakenBack:
    return await service.take_back(Returned(purchase, uuid7(), holder.member, Fraction(1), clock.now()))


@pytest.fixture
async def ben(business: None) -> Holder:
    return await new_holder("Ben")


async def indebted(holder: Holder, amount: int) -> None:
    """Someone who spent what they then gave back."""
    bought = await earn_for(holder, amount)
    await spend(holder, amount)
    await give_back(holder, bought)


async def test_what_both_have_can_be_spent_at_once(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    await spend(ana, 100)
    assert ((await held(ana.member)).available, await service.verify()) == (10, [])


async def test_a_debit_takes_the_nearest_expiry_whichever_account_it_is_in(ana, ben):
    await service.credit(ana.account, ana.member, 50, reason="gift")
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    await spend(ana, 50)
    left = await fetch("SELECT account, remaining FROM lot ORDER BY remaining")
    assert [tuple(row) for row in left] == [(ben.account, 0), (ana.account, 50)]


async def test_a_debit_over_two_accounts_is_told_as_one(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    entry = await service.debit(ana.account, ana.member, 100, reason="a towel")
    told = await fetchval("SELECT payload->>'points' FROM event WHERE kind = 'points.spent'")
    assert (entry.amount, entry.balance, told) == (-100, 10, "100")


async def test_the_balances_beside_entries_add_up(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    await spend(ana, 100)
    entries = list(reversed(await service.entries(ana.member)))
    running = [sum(entry.amount for entry in entries[: place + 1]) for place in range(len(entries))]
    assert [entry.balance for entry in entries] == running


async def test_what_one_owes_the_other_pays_at_the_merge(ana, ben):
    await indebted(ana, 30)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    facts = await held(ana.member)
    assert (facts.available, facts.debt, await service.verify()) == (20, 0, [])


async def test_a_credit_pays_what_the_other_account_owes(ana, ben):
    await indebted(ben, 30)
    await merging.merge(ana.member, ben.member)
    await service.credit(await account_of(ana.member), ana.member, 50, reason="gift")
    facts = await held(ana.member)
    assert (facts.available, facts.debt, await service.verify()) == (20, 0, [])


async def test_a_return_is_paid_from_the_other_account_before_anything_is_owed(ana, ben):
    bought = await earn_for(ana, 30)
    await spend(ana, 30)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    done = await give_back(ana, bought)
    facts = await held(ana.member)
    assert (done.debt, facts.available, facts.debt, await service.verify()) == (0, 20, 0, [])


async def test_more_than_both_have_is_refused(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    await merging.merge(ana.member, ben.member)
    with pytest.raises(InsufficientBalance) as refused:
        await spend(ana, 111)
    assert refused.value.facts["available"] == 110


async def test_an_undo_gives_each_their_own_points(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    done = await merging.merge(ana.member, ben.member)
    await earn_for(ana, 5)
    undone = await merging.undo(done.merge)
    assert ((await held(ana.member)).available, (await held(ben.member)).available) == (65, 50)
    assert [str(said) for said in undone.stayed] == ["entries of points booked since: 1"]


async def test_an_undo_is_refused_where_the_others_points_were_spent(ana, ben):
    await earn_for(ben, 50)
    done = await merging.merge(ana.member, ben.member)
    await spend(ana, 20)
    spent = await fetchval("SELECT id FROM entry WHERE kind = 'debit'")
    with pytest.raises(MergeInUse) as refused:
        await merging.undo(done.merge)
    assert refused.value.facts == {"amount": 20, "entries": [str(spent)]}
    assert (await held(ana.member)).available == 30


async def test_a_forced_undo_gives_the_other_theirs_and_lets_the_survivor_owe(ana, ben):
    await earn_for(ben, 50)
    done = await merging.merge(ana.member, ben.member)
    await spend(ana, 20)
    await merging.undo(done.merge, force=True)
    one, two = await held(ana.member), await held(ben.member)
    assert ((one.available, one.debt), (two.available, two.debt), await service.verify()) == ((-20, 20), (50, 0), [])


async def test_a_forced_undo_takes_from_the_survivors_own_first(ana, ben):
    await earn_for(ben, 50, at=START - timedelta(days=60))
    await earn_for(ana, 15)
    done = await merging.merge(ana.member, ben.member)
    await spend(ana, 20)
    await merging.undo(done.merge, force=True)
    one, two = await held(ana.member), await held(ben.member)
    assert ((one.balance, one.debt), (two.available, two.debt), await service.verify()) == ((-5, 5), (50, 0), [])


async def test_whoever_owed_before_the_merge_owes_again_after_its_undo(ana, ben):
    await indebted(ana, 30)
    await earn_for(ben, 50)
    done = await merging.merge(ana.member, ben.member)
    await merging.undo(done.merge)
    one, two = await held(ana.member), await held(ben.member)
    assert (one.debt, two.available, two.debt, await service.verify()) == (30, 50, 0, [])


async def test_parallel_debits_and_a_merge_spend_nothing_twice(ana, ben):
    await earn_for(ana, 60)
    await earn_for(ben, 50)
    results = await asyncio.gather(
        merging.merge(ana.member, ben.member),
        *(service.debit(one.account, one.member, 10, reason="x") for _ in range(8) for one in (ana, ben)),
        return_exceptions=True,
    )
    spent = sum(10 for result in results if not isinstance(result, Exception)) - 10
    assert (spent, (await held(ana.member)).available, await service.verify()) == (110, 0, [])


async def test_every_entry_of_a_merge_explains_itself(ana, ben):
    await indebted(ana, 30)
    await earn_for(ben, 50)
    done = await merging.merge(ana.member, ben.member)
    await spend(ana, 20)
    await merging.undo(done.merge, force=True)
    said = {str(service.explain(entry)) for one in (ana, ben) for entry in await service.entries(one.member)}
    assert {
        "Paid what was owed on another account of the same member",
        "What was owed was paid from another account of the same member",
        "Given back when a merge was undone",
        "Spent after a merge that was undone, paid by whoever had spent it",
    } <= said


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.integers(0, 2), st.integers(1, 60)),
        st.tuples(st.just("spend"), st.integers(0, 2), st.integers(1, 80)),
        st.tuples(st.just("return"), st.integers(0, 5), st.sampled_from([Fraction(1, 2), Fraction(1)])),
        st.tuples(st.just("wait"), st.integers(1, 500)),
        st.tuples(st.just("book")),
        st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.just("undo"), st.integers(0, 3)),
    ),
    max_size=20,
)


@dataclass
class Crowd:
    """Three people who may turn out to be fewer, and what they have done."""

    people: list[Holder]
    now: datetime = START
    bought: list[UUID] = field(default_factory=list)
    shares: dict[UUID, Fraction] = field(default_factory=dict)
    merges: list[UUID] = field(default_factory=list)

    async def earn(self, who: int, points: int) -> None:
        holder = await self._today(who)
        self.bought.append(await earn_for(holder, points))

    async def spend(self, who: int, points: int) -> None:
        holder = await self._today(who)
        with contextlib.suppress(InsufficientBalance):
            await service.debit(holder.account, holder.member, points, reason="enjoyed")

    async def _today(self, who: int) -> Holder:
        member = await survivor_of(self.people[who].member)
        return Holder(member, await account_of(member))

    async def bring_back(self, place: int, share: Fraction) -> None:
        for bought in self.bought[place : place + 1]:
            self.shares[bought] = min(Fraction(1), self.shares.get(bought, Fraction(0)) + share)
            await service.take_back(Returned(bought, uuid7(), None, self.shares[bought], clock.now()))

    async def join(self, one: int, two: int) -> None:
        try:
            self.merges.append((await merging.merge(self.people[one].member, self.people[two].member)).merge)
        except merging.SameMember:
            return

    async def part(self, place: int) -> None:
        for merge in self.merges[place : place + 1]:
            try:
                await merging.undo(merge, force=True)
            except (merging.MergeCovered, merging.MergeUndone):
                return

    async def step(self, what: str, *values: object) -> None:
        with clock.frozen(self.now):
            match what, values:
                case "earn", (int(who), int(points)):
                    await self.earn(who, points)
                case "spend", (int(who), int(points)):
                    await self.spend(who, points)
                case "return", (int(place), Fraction() as share):
                    await self.bring_back(place, share)
                case "wait", (int(days),):
                    self.now += timedelta(days=days)
                case "merge", (int(one), int(two)):
                    await self.join(one, two)
                case "undo", (int(place),):
                    await self.part(place)
                case _:
                    await service.book_expired()

    async def check(self) -> None:
        with clock.frozen(self.now):
            for row in await fetch("SELECT id FROM member WHERE merged_into IS NULL"):
                facts = await held(row["id"])
                assert facts.debt == 0 or facts.available + facts.pending <= 0
                assert facts.debt == 0 or facts.available == -facts.debt


@settings(max_examples=settings().max_examples // 2)
@given(steps=STEPS)
async def test_accounts_lots_and_debts_agree_through_merges_and_their_undoing(
    business: None, steps: list[tuple[object, ...]]
) -> None:
    crowd = Crowd([await new_holder(name) for name in ("Ana", "Ben", "Cem")])
    for what, *values in steps:
        await crowd.step(str(what), *values)
        await crowd.check()
    assert await service.verify() == []
