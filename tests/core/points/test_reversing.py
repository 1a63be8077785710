"""Entries taken back: what was spent returns to its lots with their expiry, what was given goes again, once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import asyncpg
import pytest
from core.points.people import START, Holder, earn_for, new_holder

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.members.service import merging
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.ledger import EntryRow
from tessera.points.service import correcting
from tessera.points.service.reversing import AlreadyReversed, NotReversible

SOON = START + timedelta(days=10)
LATE = START + timedelta(days=100)


async def held(holder: Holder) -> service.BalanceFacts:
    return (await service.balances(holder.member))["points"]


async def give(holder: Holder, amount: int, expires_at: datetime | None = None) -> EntryRow:
    return await service.credit(holder.account, holder.member, amount, reason="gift", expires_at=expires_at)


async def spend(holder: Holder, amount: int) -> EntryRow:
    return await service.debit(holder.account, holder.member, amount, reason="a towel")


async def reverse(entry: EntryRow, **part: int | Fraction) -> EntryRow | None:
    return await ledger.reverse(entry.id, reason="changed their mind", source="dummy.desk", **part)  # type: ignore[arg-type]


async def lots() -> list[tuple[int, int, datetime | None]]:
    rows = await fetch("SELECT amount, remaining, expires_at FROM lot ORDER BY id")
    return [(row["amount"], row["remaining"], row["expires_at"]) for row in rows]


async def test_a_redemption_goes_back_into_the_same_lots_with_their_expiry(ana):
    await give(ana, 30, SOON)
    await give(ana, 50)
    spent = await spend(ana, 40)
    back = await reverse(spent)
    assert (back.amount, back.balance, back.reverses, back.kind) == (40, 80, spent.id, "reverse")
    assert await lots() == [(30, 30, SOON), (50, 50, None)]
    assert await service.verify() == []


async def test_twice_is_refused(ana):
    await give(ana, 50)
    spent = await spend(ana, 40)
    await reverse(spent)
    with pytest.raises(AlreadyReversed):
        await reverse(spent)


async def test_whoever_reverses_at_the_same_moment_reverses_once(ana):
    await give(ana, 50)
    spent = await spend(ana, 40)
    done = await asyncio.gather(*(reverse(spent) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["AlreadyReversed"] * 5 + ["EntryRow"]
    assert (await held(ana)).available == 50


async def test_parts_go_back_where_they_last_longest_first(ana):
    await give(ana, 30, SOON)
    await give(ana, 50)
    spent = await spend(ana, 40)
    await reverse(spent, amount=15)
    assert await lots() == [(30, 5, SOON), (50, 50, None)]
    assert await service.verify() == []


async def test_shares_are_rounded_down_and_add_up_to_the_whole(ana):
    await give(ana, 100)
    spent = await spend(ana, 100)
    parts = [await reverse(spent, share=Fraction(n, 3)) for n in (1, 2, 3)]
    assert [part.amount for part in parts] == [33, 33, 34]
    assert await reverse(spent, share=Fraction(1)) is None


async def test_more_than_is_left_of_an_entry_is_refused(ana):
    await give(ana, 50)
    spent = await spend(ana, 40)
    await reverse(spent, amount=30)
    with pytest.raises(Invalid, match="10 can be taken back"):
        await reverse(spent, amount=11)


async def test_the_database_itself_refuses_to_reverse_beyond_an_entry(ana):
    spent = await give(ana, 50)
    await reverse(spent)
    again = "INSERT INTO entry SELECT (jsonb_populate_record(e, jsonb_build_object('id', $2::text, 'seq', 99))).*"
    with pytest.raises(asyncpg.PostgresError, match="reversed beyond its amount"):
        await execute(f"{again} FROM entry e WHERE reverses = $1", spent.id, str(uuid7()))


async def test_what_is_owed_is_paid_by_a_redemption_that_comes_back(ana):
    bought = await earn_for(ana, 100)
    spent = await spend(ana, 100)
    await service.take_back(service.Returned(bought, uuid7(), ana.member, Fraction(1), clock.now()))
    await reverse(spent)
    facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (0, 0, 0)


@pytest.mark.parametrize("days", [0, 7])
async def test_the_first_story_ends_with_nobody_owing_whatever_expired_meanwhile(ana, days):
    await set_setting("points.restore_expired_days", days)
    bought = await earn_for(ana, 100)
    spent = await spend(ana, 100)
    await service.take_back(service.Returned(bought, uuid7(), ana.member, Fraction(1), clock.now()))
    with clock.frozen(datetime(2030, 1, 1, tzinfo=UTC)):
        await reverse(spent)
        await service.book_all_expired()
        facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (0, 0, 0)
    assert await service.verify() == []


@pytest.mark.parametrize("days", [0, 7])
async def test_cancelling_first_and_returning_later_leaves_nobody_owing_either(ana, days):
    await set_setting("points.restore_expired_days", days)
    bought = await earn_for(ana, 100)
    spent = await spend(ana, 100)
    with clock.frozen(datetime(2030, 1, 1, tzinfo=UTC)):
        await reverse(spent)
        await service.take_back(service.Returned(bought, uuid7(), ana.member, Fraction(1), clock.now()))
        facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (0, 0, 0)


async def test_a_lot_that_expired_meanwhile_is_restored_for_the_days_that_are_set(ana):
    await set_setting("points.restore_expired_days", 7)
    await give(ana, 50, SOON)
    spent = await spend(ana, 40)
    with clock.frozen(SOON + timedelta(days=1)):
        back = await reverse(spent)
        assert ((await held(ana)).available, back.moves_to) == (40, datetime(2026, 3, 28, 16, tzinfo=UTC))
    with clock.frozen(datetime(2026, 3, 28, 16, tzinfo=UTC)):
        assert (await held(ana)).available == 0
        await service.book_all_expired()
    assert await service.verify() == []


async def test_or_it_is_forgone(ana):
    await set_setting("points.restore_expired_days", 0)
    await give(ana, 50, SOON)
    spent = await spend(ana, 40)
    with clock.frozen(SOON + timedelta(days=1)):
        await reverse(spent)
        assert ((await held(ana)).available, (await held(ana)).balance) == (0, 0)
    assert await service.verify() == []


async def test_a_credit_that_is_taken_back_takes_what_is_left_of_it(ana):
    first = await give(ana, 50, LATE)
    await give(ana, 30)
    await spend(ana, 20)
    back = await reverse(first)
    assert (back.amount, (await held(ana)).available, (await held(ana)).debt) == (-50, 10, 0)
    assert await service.verify() == []


async def test_what_was_spent_of_it_is_owed_where_nothing_else_is_there(ana):
    first = await give(ana, 50)
    await spend(ana, 20)
    await reverse(first)
    assert (await held(ana)).debt == 20


@pytest.mark.parametrize("booked", [True, False])
async def test_what_had_expired_of_it_is_forgiven(ana, booked):
    first = await give(ana, 50, SOON)
    await spend(ana, 20)
    with clock.frozen(LATE):
        await service.book_expired(limit=100 if booked else 0)
        await reverse(first)
        await service.book_all_expired()
        facts = await held(ana)
    assert (facts.debt, facts.balance) == (20, -20)
    assert await service.verify() == []


async def test_a_debit_over_two_accounts_comes_back_to_both(ana):
    ben = await new_holder("Ben")
    await give(ana, 60)
    await give(ben, 50)
    await merging.merge(ana.member, ben.member)
    spent = await spend(ana, 100)
    back = await reverse(spent)
    assert (back.amount, (await held(ana)).available) == (100, 110)
    assert await service.verify() == []


async def test_a_debit_below_zero_comes_back_whoever_has_paid_since(ana):
    await ledger.credit(ana.member, "dummy.claps", 20, reason="applause", source="dummy.show")
    spent = await ledger.debit(ana.member, "dummy.claps", 60, reason="shown off", source="dummy.show")
    await ledger.credit(ana.member, "dummy.claps", 70, reason="applause", source="dummy.show")
    await ledger.reverse(spent.id, reason="never shown", source="dummy.show")
    assert await ledger.available(ana.member, "dummy.claps") == 90
    assert await service.verify() == []


async def test_one_pack_can_be_drawn_on_alone(ana):
    first, second = uuid7(), uuid7()
    for pack, lasts in ((first, LATE), (second, SOON)):
        await ledger.credit(
            ana.member, "dummy.jars.jam", 10, reason="pack", source="dummy.pack", source_id=pack, expires_at=lasts
        )
    spent = await ledger.debit(ana.member, "dummy.jars.jam", 4, reason="jar", source="dummy.jar", lots_of=first)
    with pytest.raises(ledger.InsufficientBalance):
        await ledger.debit(ana.member, "dummy.jars.jam", 7, reason="jar", source="dummy.jar", lots_of=first)
    assert [lot.remaining for lot in await ledger.lots_of(first)] == [6]
    assert [(one.source_id, one.amount) for one in await ledger.drawn(spent.id)] == [(first, 4)]


async def test_a_pack_gives_back_what_is_unused_and_forgives_what_expired(ana):
    pack = uuid7()
    await ledger.credit(
        ana.member, "dummy.jars.jam", 10, reason="pack", source="dummy.pack", source_id=pack, expires_at=SOON
    )
    await ledger.debit(ana.member, "dummy.jars.jam", 4, reason="jar", source="dummy.jar")
    half = await ledger.take_back(pack, 3, unit="dummy.jars.jam", reason="refund", source="dummy.refund")
    with clock.frozen(LATE):
        await service.book_all_expired()
        rest = await ledger.take_back(pack, 99, unit="dummy.jars.jam", reason="refund", source="dummy.refund")
    assert ((half.amount, half.debt, half.forgiven), (rest.amount, rest.debt, rest.forgiven)) == ((3, 0, 0), (4, 4, 3))
    assert await service.verify() == []


async def test_a_pack_is_prolonged(ana):
    pack = uuid7()
    await ledger.credit(
        ana.member, "dummy.jars.jam", 10, reason="pack", source="dummy.pack", source_id=pack, expires_at=SOON
    )
    moved = await ledger.extend(pack, LATE, unit="dummy.jars.jam", reason="was ill", source="dummy.pack")
    with clock.frozen(SOON):
        assert (moved, await ledger.available(ana.member, "dummy.jars.jam")) == (10, 10)
    assert await service.verify() == []


async def test_nobody_owes_what_another_lot_had_paid_before_a_redemption_came_back_too_late(ana):
    """Two purchases; the second's points pay for the first that went back; the redemption comes back expired."""
    await set_setting("points.restore_expired_days", 0)
    first = await earn_for(ana, 100, at=START - timedelta(days=100))
    second = await earn_for(ana, 100)
    spent = await spend(ana, 100)
    await service.take_back(service.Returned(first, uuid7(), ana.member, Fraction(1), clock.now()))
    with clock.frozen(datetime(2028, 3, 1, tzinfo=UTC)):
        await reverse(spent)
        done = await service.take_back(service.Returned(second, uuid7(), ana.member, Fraction(1), clock.now()))
    assert (done.debt, done.forgiven, (await held(ana)).debt) == (0, 100, 0)
    assert await service.verify() == []


async def refused(entry: UUID) -> str:
    with pytest.raises(NotReversible) as why:
        await correcting.reverse_by_hand(entry, reason="a mistake")
    return str(why.value)


async def test_what_a_purchase_earned_is_not_taken_back_by_hand(ana):
    await earn_for(ana, 100)
    assert "record a return" in await refused(await fetchval("SELECT id FROM entry"))


async def test_what_a_plugin_has_booked_is_taken_back_there(ana):
    entry = await ledger.credit(ana.member, "points", 5, reason="applause", source="dummy.show")
    assert await refused(entry.id) == "Dummy has booked this entry: take it back there"


async def test_a_reversal_is_no_entry_to_take_back(ana):
    back = await reverse(await give(ana, 5))
    assert "follows from others" in await refused(back.id)


async def test_a_reversal_by_hand_says_who_and_why_and_is_noted(ana):
    spent = await give(ana, 5)
    back = await correcting.reverse_by_hand(spent.id, reason=" typed twice ")
    assert (back.reason, back.actor, back.amount) == ("typed twice", "Tessera", -5)
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'points.reversed'") == 1
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'points.reversed'") == 1


async def test_several_units_are_held_in_one_order(ana):
    async def work(units: list[str]) -> None:
        await ledger.hold(ana.member, units)
        for unit in units:
            await ledger.credit(ana.member, unit, 1, reason="x", source="dummy.show")

    pairs = [["points", "dummy.claps"], ["dummy.claps", "points"]] * 4
    await asyncio.gather(*(in_transaction(lambda units=units: work(units)) for units in pairs))
    assert await ledger.available(ana.member, "points") == 8
