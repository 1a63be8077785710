"""At the same moment: exactly what can be afforded is spent, and nothing is booked twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from core.points.people import START, Holder, earn_for, new_holder

from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.members.service import merging
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.service import expiring


async def all_at_once(count: int, holder: Holder, unit: str, amount: int) -> list[str]:
    """How so many debits at once ended, by name."""
    debits = (ledger.debit(holder.member, unit, amount, reason="towel", source="dummy.towel") for _ in range(count))
    return [type(one).__name__ for one in await asyncio.gather(*debits, return_exceptions=True)]


async def test_of_parallel_redemptions_exactly_those_succeed_that_can_be_afforded(ana: Holder) -> None:
    for amount in (30, 30, 40, 7):
        await service.credit(ana.account, ana.member, amount, reason="gift", expires_at=START + timedelta(days=amount))
    ended = await all_at_once(12, ana, "points", 15)
    held = (await service.balances(ana.member))["points"]
    assert (ended.count("EntryRow"), ended.count("InsufficientBalance"), held.available) == (107 // 15, 5, 107 % 15)
    assert await service.verify() == []


async def test_a_floor_is_not_gone_below_by_parallel_redemptions(ana: Holder) -> None:
    await ledger.credit(ana.member, "dummy.claps", 20, reason="applause", source="dummy.show")
    ended = await all_at_once(10, ana, "dummy.claps", 15)
    assert (ended.count("EntryRow"), await ledger.available(ana.member, "dummy.claps")) == (4, -40)
    assert await service.verify() == []


async def test_redemptions_over_two_accounts_of_one_member_spend_both_to_the_end(ana: Holder) -> None:
    ben = await new_holder("Ben")
    await service.credit(ana.account, ana.member, 50, reason="gift")
    await service.credit(ben.account, ben.member, 50, reason="gift")
    await merging.merge(ana.member, ben.member)
    ended = await all_at_once(12, ana, "points", 10)
    assert (ended.count("EntryRow"), (await service.balances(ana.member))["points"].available) == (10, 0)


async def test_earning_spending_and_booking_expiries_at_once_add_up(ana: Holder) -> None:
    await service.credit(ana.account, ana.member, 100, reason="gift", expires_at=START + timedelta(days=1))
    with clock.frozen(START + timedelta(days=2)):
        await asyncio.gather(
            *(earn_for(ana, 10) for _ in range(5)), *(service.book_expired() for _ in range(3)), return_exceptions=True
        )
        await service.book_all_expired()
        ended = await all_at_once(8, ana, "points", 10)
    assert ended.count("EntryRow") == 5
    assert await fetchval("SELECT count(*) FROM entry WHERE kind = 'expire'") == 1
    assert await service.verify() == []


async def test_a_round_that_books_expiries_leaves_the_rest_to_the_next_when_its_time_is_up(
    ana: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = await new_holder("Ben")
    for one in (ana, ben):
        await service.credit(one.account, one.member, 100, reason="gift", expires_at=START + timedelta(days=1))
    monkeypatch.setattr(expiring, "AT_ONCE", 1)
    monkeypatch.setattr(expiring, "STRETCH", 0.0)
    with clock.frozen(START + timedelta(days=2)):
        await service.book_for_a_while()
        assert await fetchval("SELECT count(*) FROM entry WHERE kind = 'expire'") == 1
        await service.book_for_a_while()
    assert await fetchval("SELECT count(*) FROM entry WHERE kind = 'expire'") == 2
    assert await service.verify() == []
