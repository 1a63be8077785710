"""Points for a friend who was invited hang on the friend's first purchase that stands."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from core.points.hearing import told
from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sell
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval
from tessera.members import service as members
from tessera.members.service import NewMember, account_of, create_member
from tessera.members.service.erasing import erase
from tessera.points import noticing
from tessera.points import service as points
from tessera.points.earning import changing
from tessera.points.earning.rules import PER_AMOUNT

REFERRAL, REFERRED = 100, 50


async def has(member: UUID) -> int:
    """What the member can spend, below zero where they owe."""
    return await points.available([await account_of(member)])


@pytest.fixture
async def ben(ana: UUID, store: UUID) -> UUID:
    """Ana's friend; only invitations earn."""
    return await invited(ana, store)


async def invited(ana: UUID, store: UUID) -> UUID:
    friend = await create_member(NewMember(name="Ben", store=store))
    await members.link(friend, "referrer", ana)
    for code in ("points.referral", "points.referred"):
        await changing.switch(code, on=True)
    await changing.switch(PER_AMOUNT, on=False)
    await told()
    return friend


async def both(*people: UUID) -> Sequence[int]:
    return [await has(one) for one in people]


async def test_a_first_purchase_that_comes_back_altogether_takes_both_sides_points_back(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    assert await both(ana, ben) == [REFERRAL, REFERRED]
    done = await bring_back(sold.id)
    await told()
    assert await both(ana, ben) == [0, 0]
    assert (done.points.taken_back, await points.verify()) == (0, [])


async def test_the_entry_says_why_the_points_went(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    back = await bring_back(sold.id)
    entry, _first = await points.entries(ana)
    assert (entry.kind, entry.amount, entry.source_id) == ("reverse", -REFERRAL, back.id)
    assert str(points.explain(entry)) == "Taken back for a return"


async def test_a_part_that_comes_back_leaves_the_invitation_what_it_was(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    await bring_back(sold.id, "B1", amount=79_99)
    assert await both(ana, ben) == [REFERRAL, REFERRED]
    await bring_back(sold.id, "B2")
    assert await both(ana, ben) == [0, 0]


async def test_what_was_spent_is_owed_and_the_next_first_purchase_pays_it(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    await points.debit(await account_of(ana), ana, REFERRAL, reason="a mug")
    await bring_back(sold.id)
    assert await both(ana, ben) == [-REFERRAL, 0]
    await sell(ben, 80_00, "R2")
    await told()
    assert await both(ana, ben) == [0, REFERRED]
    assert await points.verify() == []


async def test_what_had_expired_is_forgiven_and_brings_nothing_a_second_time(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    await execute("UPDATE lot SET expires_at = $1", NOW + timedelta(days=5))
    with clock.frozen(NOW + timedelta(days=9)):
        await points.book_all_expired()
        await bring_back(sold.id)
        assert await both(ana, ben) == [0, 0]
        await sell(ben, 80_00, "R2")
        await told()
        assert await both(ana, ben) == [0, 0]


async def test_while_another_purchase_stands_the_invitation_hangs_on_that(ana: UUID, ben: UUID) -> None:
    first = await sell(ben, 80_00)
    await told()
    with clock.frozen(NOW + timedelta(days=1)):
        second = await sell(ben, 30_00, "R2")
        await told()
        await bring_back(first.id)
        assert await both(ana, ben) == [REFERRAL, REFERRED]
        await bring_back(second.id, "B2")
        assert await both(ana, ben) == [0, 0]


async def test_a_purchase_that_came_back_before_it_was_heard_of_brings_nothing(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await bring_back(sold.id)
    await told()
    assert (await both(ana, ben), await fetch("SELECT 1 FROM deed")) == ([0, 0], [])


async def test_a_friend_who_was_erased_takes_nothing_with_them(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    await erase(ben)
    await bring_back(sold.id)
    assert (await has(ana), await points.verify()) == (0, [])


async def test_nobody_owes_after_they_were_erased(ana: UUID, ben: UUID) -> None:
    sold = await sell(ben, 80_00)
    await told()
    await erase(ana)
    await bring_back(sold.id)
    assert await fetchval("SELECT coalesce(sum(debt), 0)::bigint FROM balance") == 0
    assert await points.verify() == []


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
"""Asked inside a transaction, for which ``pg_stat_activity`` would stand still."""


async def test_a_return_in_the_middle_of_the_reward_finds_what_it_gave(
    ana: UUID, ben: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await sell(ben, 80_00)
    outside, done = contextvars.copy_context(), noticing.record_deed
    returning: list[asyncio.Task[object]] = []

    async def meanwhile(*who: Any, **what: Any) -> Any:
        if not returning:
            returning.append(asyncio.create_task(bring_back(sold.id), context=outside))
            while not returning[0].done() and not await fetchval(WAITING):  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.01)
        return await done(*who, **what)

    monkeypatch.setattr(noticing, "record_deed", meanwhile)
    await told()
    await returning[0]
    assert (await both(ana, ben), await points.verify()) == ([0, 0], [])


async def test_of_two_purchases_that_come_back_at_once_the_last_takes_the_reward_with_it(ana: UUID, ben: UUID) -> None:
    sold = [await sell(ben, 80_00, f"R{n}") for n in range(4)]
    await told()
    await asyncio.gather(*(bring_back(one.id, f"B{n}") for n, one in enumerate(sold)))
    assert (await both(ana, ben), await points.verify()) == ([0, 0], [])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 3)),
        st.tuples(st.just("return"), st.integers(0, 5)),
        st.tuples(st.just("spend"), st.integers(1, 100)),
    ),
    max_size=8,
)


@settings(max_examples=settings().max_examples // 3)
@given(steps=STEPS)
async def test_in_whatever_order_the_points_are_there_exactly_while_a_purchase_stands(
    store: UUID, steps: list[tuple[str, int]]
) -> None:
    ana = await create_member(NewMember(name="Ana", store=store))
    ben = await invited(ana, store)
    kept: list[UUID] = []
    spent = 0
    for n, (what, number) in enumerate(steps):
        with clock.frozen(NOW + timedelta(minutes=n + 1)):
            if what == "buy":
                kept.append((await sell(ben, number * 10_00, f"{ben}-{n}")).id)
            elif what == "return" and kept:
                await bring_back(kept.pop(number % len(kept)), f"{ben}-{n}")
            elif what == "spend" and await has(ana) >= number:
                await points.debit(await account_of(ana), ana, number, reason="a mug")
                spent += number
            await told()
            assert await has(ana) == (REFERRAL if kept else 0) - spent
    assert await points.verify() == []
