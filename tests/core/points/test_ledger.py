"""The ledger as its users see it: earning, spending, returning, expiring, and that nothing is rewritten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import asyncpg
import pytest
from core.points.people import START, Holder, earn_for

from tessera.kernel import clock, dispatcher
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval, undone
from tessera.kernel.errors import Invalid
from tessera.kernel.events import importing
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import use_locale
from tessera.plugin import ledger
from tessera.points import service, verification
from tessera.points.service import Returned

LATER = datetime(2030, 1, 1, tzinfo=UTC)


async def held(holder: Holder) -> service.BalanceFacts:
    return (await service.balances(holder.member))["points"]


async def give_back(holder: Holder, purchase: object, share: Fraction | int = 1) -> service.TakenBack:
    return await service.take_back(
        Returned(purchase, uuid7(), holder.member, Fraction(share), clock.now())  # type: ignore[arg-type]
    )


async def spend(holder: Holder, amount: int) -> None:
    await service.debit(holder.account, holder.member, amount, reason="a towel")


async def test_points_are_earned_with_their_expiry_and_an_event(ana: Holder) -> None:
    await earn_for(ana, 120)
    facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (120, 120, 0)
    assert [(e.amount, e.at) for e in facts.expiring] == [(120, datetime(2028, 3, 31, 16, tzinfo=UTC))]
    assert await fetchval("SELECT payload->>'points' FROM event WHERE kind = 'points.earned'") == "120"


async def test_an_award_worth_nothing_leaves_no_entry(ana: Holder) -> None:
    await earn_for(ana, 0)
    assert await service.entries(ana.member) == []


async def test_nearest_expiry_is_spent_first_and_never_expiring_last(ana: Holder) -> None:
    await service.credit(ana.account, ana.member, 50, reason="gift")
    await earn_for(ana, 150, at=datetime(2026, 3, 1, tzinfo=UTC))
    await earn_for(ana, 100, at=datetime(2026, 1, 15, tzinfo=UTC))
    await spend(ana, 120)
    left = await fetch("SELECT amount, remaining FROM lot ORDER BY expires_at NULLS LAST")
    assert [(row["amount"], row["remaining"]) for row in left] == [(100, 0), (150, 130), (50, 50)]


async def test_an_expired_lot_takes_its_own_remainder_and_nothing_else(ana: Holder) -> None:
    await service.credit(ana.account, ana.member, 100, reason="welcome", expires_at=datetime(2026, 4, 1, tzinfo=UTC))
    await service.credit(ana.account, ana.member, 50, reason="gift")
    await spend(ana, 60)
    with clock.frozen(LATER):
        assert ((await held(ana)).available, (await held(ana)).expired) == (50, 40)
        assert await service.book_expired() == 1
        facts = await held(ana)
        assert (facts.available, facts.balance) == (50, 50)
        assert await service.book_expired() == 0
    assert await service.verify() == []


async def test_the_clock_closes_a_lot_at_its_first_gone_moment(ana: Holder) -> None:
    await earn_for(ana, 10)
    end = datetime(2028, 3, 31, 16, tzinfo=UTC)
    assert await service.available([ana.account], at=end.replace(hour=15, minute=59)) == 10
    assert await service.available([ana.account], at=end) == 0


async def test_too_much_is_refused_and_says_what_is_available(ana: Holder) -> None:
    await earn_for(ana, 30)
    with pytest.raises(service.InsufficientBalance, match="only 30 are available, 31 are needed") as refused:
        await spend(ana, 31)
    assert refused.value.facts == {"available": 30}
    assert (await held(ana)).available == 30


@pytest.mark.parametrize(("amount", "reason"), [(0, "x"), (-5, "x"), (5, "  ")])
async def test_an_amount_or_reason_that_says_nothing_is_refused(ana: Holder, amount: int, reason: str) -> None:
    with pytest.raises(Invalid):
        await service.credit(ana.account, ana.member, amount, reason=reason)


async def test_of_16_parallel_debits_exactly_as_many_succeed_as_can_be_paid(ana: Holder) -> None:
    for yuan in (13, 29, 41):
        await earn_for(ana, yuan)
    results = await asyncio.gather(*[spend(ana, 7) for _ in range(16)], return_exceptions=True)
    assert [type(r).__name__ for r in results].count("NoneType") == 83 // 7
    assert [type(r).__name__ for r in results].count("InsufficientBalance") == 16 - 83 // 7
    assert (await held(ana)).available == 83 % 7
    assert await service.verify() == []


async def test_parallel_first_entries_of_an_account_are_all_there(ana: Holder) -> None:
    await asyncio.gather(*[earn_for(ana, 5) for _ in range(12)])
    assert (await held(ana)).balance == 60
    assert await service.verify() == []


async def test_a_return_takes_from_the_lots_of_its_purchase(ana: Holder) -> None:
    kept, brought_back = await earn_for(ana, 100), await earn_for(ana, 40)
    done = await give_back(ana, brought_back)
    assert (done.points, done.debt, done.forgiven) == (40, 0, 0)
    assert await fetchval("SELECT remaining FROM lot WHERE purchase = $1", kept) == 100


async def test_partial_returns_add_up_to_the_full_one(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    parts = [(await give_back(ana, bought, Fraction(n, 3))).points for n in (1, 2, 3)]
    assert parts == [33, 33, 34]
    assert (await give_back(ana, bought, 1)).points == 0


async def test_what_was_spent_becomes_debt_and_is_paid_by_the_next_credit(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    await spend(ana, 70)
    done = await give_back(ana, bought)
    assert (done.points, done.debt) == (100, 70)
    assert (await held(ana)).available == -70
    await earn_for(ana, 90)
    facts = await held(ana)
    assert (facts.available, facts.debt, facts.balance) == (20, 0, 20)
    assert await service.verify() == []


async def test_nobody_owes_while_other_points_are_there(ana: Holder) -> None:
    bought = await earn_for(ana, 100, at=datetime(2026, 1, 1, tzinfo=UTC))
    await earn_for(ana, 100)
    await spend(ana, 100)
    done = await give_back(ana, bought)
    assert (done.debt, (await held(ana)).available) == (0, 0)


async def test_the_first_story_earned_redeemed_returned_cancelled_expired_leaves_nobody_owing(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    await spend(ana, 100)
    await give_back(ana, bought)
    await service.credit(
        ana.account, ana.member, 100, reason="reward cancelled", expires_at=datetime(2028, 4, 1, tzinfo=UTC)
    )
    with clock.frozen(LATER):
        await service.book_expired()
        facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (0, 0, 0)
    assert await service.verify() == []


@pytest.mark.parametrize("booked", [True, False])
async def test_the_second_story_expired_unused_and_returned_leaves_nobody_owing(ana: Holder, booked: bool) -> None:
    bought = await earn_for(ana, 100)
    with clock.frozen(LATER):
        await service.book_expired(limit=1000 if booked else 0)
        await give_back(ana, bought)
        await service.book_expired()
        facts = await held(ana)
    assert (facts.available, facts.balance, facts.debt) == (0, 0, 0)
    assert await service.verify() == []


async def test_of_a_half_spent_lot_that_expired_a_return_asks_only_for_what_was_spent(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    await spend(ana, 30)
    with clock.frozen(LATER):
        await service.book_expired()
        first = await give_back(ana, bought, Fraction(1, 2))
        second = await give_back(ana, bought, 1)
    assert (first.debt, first.forgiven) == (0, 50)
    assert (second.debt, second.forgiven) == (30, 20)


async def test_entries_can_be_neither_changed_nor_deleted(ana: Holder) -> None:
    await earn_for(ana, 10)
    for statement in ("UPDATE entry SET amount = 11", "DELETE FROM entry", "DELETE FROM allocation WHERE true"):
        if statement.startswith("DELETE FROM allocation"):
            await spend(ana, 1)
        with pytest.raises(asyncpg.PostgresError, match="never changed or deleted"):
            await execute(statement)


async def test_a_lot_never_falls_below_zero_whatever_the_code_does(ana: Holder) -> None:
    await earn_for(ana, 10)
    with pytest.raises(asyncpg.CheckViolationError):
        await execute("UPDATE lot SET remaining = -1")


async def test_verify_names_what_someone_changed_by_hand(ana: Holder) -> None:
    await earn_for(ana, 10)
    await execute("UPDATE lot SET remaining = 9")
    await execute("UPDATE balance SET debt = 3")
    assert sorted({d.what for d in await service.verify()}) == [
        "debt",
        "debt beside what the member holds",
        "remainder of lot",
        "sum of lots less debt",
    ]
    assert "kept 9, the entries give 10" in str(next(d for d in await service.verify() if d.what == "remainder of lot"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("opens_at = opens_at - interval '1 day'", "opening of lot, in seconds since 1970"),
        ("purchase = gen_random_uuid()", "purchase of lot"),
        ("idle = NOT idle", "whether activity keeps lot"),
        ("expires_at = expires_at + interval '1 day'", "expiry of lot, in seconds since 1970"),
    ],
)
async def test_verify_names_whatever_of_a_lot_was_changed_by_hand(ana: Holder, change: str, what: str) -> None:
    await earn_for(ana, 10)
    later = clock.now() + timedelta(days=3)
    await ledger.credit(ana.member, "points", 5, reason="prize", source="dummy.prize", opens_at=later)
    assert await service.verify() == []
    await execute(f"UPDATE lot SET {change}")
    assert [difference.what for difference in await service.verify()] == [what, what]


async def test_what_lives_by_activity_is_verified_as_such(ana: Holder) -> None:
    await set_setting("points.expiry", {"kind": "inactivity", "n": 30})
    await earn_for(ana, 10)
    assert await fetchval("SELECT idle FROM lot")
    assert await service.verify() == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("seq = seq + 1", "number of entries"),
        ("kind = 'debit'", "kind of entry, by the sign of its amount and of what it forgives"),
        ("forgiven = 3", "kind of entry, by the sign of its amount and of what it forgives"),
    ],
)
async def test_verify_names_what_was_changed_of_an_entry_past_the_trigger(ana: Holder, change: str, what: str) -> None:
    await earn_for(ana, 10)

    async def work() -> list[str]:
        await execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
        await execute(f"UPDATE entry SET {change}")
        return [difference.what for difference in await service.verify()]

    assert what in await undone(work)


async def test_an_import_is_taken_back_by_opposite_entries(ana: Holder) -> None:
    await spend_before_import(ana)
    batch = uuid7()
    with importing(batch):
        bought = await earn_for(ana, 100)
        await earn_for(ana, 50)
        await give_back(ana, bought)
    assert await service.undo_batch(batch) == 3
    facts = await held(ana)
    assert (facts.available, facts.debt, facts.balance) == (-20, 20, -20)
    assert await service.verify() == []
    assert await service.undo_batch(batch) == 0


async def test_an_import_that_had_paid_a_debt_leaves_nobody_owing_beside_what_they_hold(ana: Holder) -> None:
    await spend_before_import(ana)
    batch = uuid7()
    with importing(batch):
        await earn_for(ana, 50)
    await earn_for(ana, 100)
    await service.undo_batch(batch)
    facts = await held(ana)
    assert (facts.available, facts.debt, await service.verify()) == (80, 0, [])


async def test_an_import_with_a_redemption_that_was_taken_back_is_taken_back_as_a_whole(ana: Holder) -> None:
    await service.credit(ana.account, ana.member, 40, reason="gift")
    batch = uuid7()
    with importing(batch):
        spent = await service.debit(ana.account, ana.member, 30, reason="a towel")
        await ledger.reverse(spent.id, reason="returned", source="dummy.desk", amount=10)
    await service.undo_batch(batch)
    assert ((await held(ana)).available, await service.verify()) == (40, [])


async def test_an_import_of_which_an_entry_was_taken_back_since_stays(ana: Holder) -> None:
    batch = uuid7()
    with importing(batch):
        given = await service.credit(ana.account, ana.member, 40, reason="gift")
    await ledger.reverse(given.id, reason="too much", source="dummy.desk", amount=10)
    with pytest.raises(service.PointsInUse):
        await service.undo_batch(batch)


async def spend_before_import(holder: Holder) -> None:
    bought = await earn_for(holder, 20)
    await spend(holder, 20)
    await give_back(holder, bought)


async def test_an_import_whose_points_were_spent_stays(ana: Holder) -> None:
    batch = uuid7()
    with importing(batch):
        await earn_for(ana, 100)
    await spend(ana, 1)
    with pytest.raises(service.PointsInUse, match="were used since, in 1 entries"):
        await service.undo_batch(batch)
    assert (await held(ana)).available == 99


async def test_an_import_is_taken_back_although_its_points_have_expired(ana: Holder) -> None:
    batch = uuid7()
    with importing(batch):
        await earn_for(ana, 100, at=datetime(2010, 12, 1, tzinfo=UTC))
    await service.book_expired()
    await service.undo_batch(batch)
    assert (await held(ana)).balance == 0
    assert await service.verify() == []


async def test_a_return_after_one_that_was_taken_back_with_its_import_takes_the_points_again(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    batch = uuid7()
    with importing(batch):
        await give_back(ana, bought)
    await service.undo_batch(batch)
    assert (await held(ana)).available == 100
    await give_back(ana, bought)
    assert (await held(ana)).available == 0
    assert await service.verify() == []


async def test_a_lot_that_opens_later_pays_for_a_return_so_that_no_debt_stands_beside_points(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    await spend(ana, 100)
    await earn_for(ana, 150, at=START + timedelta(minutes=9))
    await give_back(ana, bought)
    with clock.frozen(START + timedelta(minutes=10)):
        facts = await held(ana)
        assert (facts.available, facts.debt) == (50, 0)
        await spend(ana, 50)
    assert await service.verify() == []


async def test_every_entry_explains_itself_in_both_languages(ana: Holder) -> None:
    bought = await earn_for(ana, 100)
    await spend(ana, 30)
    await give_back(ana, bought)
    returned, spent, earned = await service.entries(ana.member)
    assert service.explain(earned) == "Points for what is paid: 1 for each ¥1.00 of ¥100.00"
    assert service.explain(spent) == "Spent through Tessera: a towel"
    assert service.explain(returned) == "Taken back for a return; 30 had been spent and are owed"
    assert set(service.explanations(earned)) == {"en", "zh_Hans"}
    with use_locale("zh_Hans"):
        assert service.explain(earned).values["amount"] == "¥100.00"


async def test_points_that_never_expire_are_a_setting(ana: Holder) -> None:
    await set_setting("points.expiry_months", 0)
    await earn_for(ana, 5)
    assert (await held(ana)).expiring == []


async def test_the_timeline_says_how_many(ana: Holder) -> None:
    from tessera.kernel.plugins import host

    await earn_for(ana, 5)
    await dispatcher.drain()
    rows = await fetch("SELECT * FROM event WHERE kind = 'points.earned'")
    from tessera.kernel.events import happened

    read = host().event_kinds["points.earned"].event.timeline
    assert read is not None
    told = await read([happened(rows[0])])
    assert [str(entry.title) for entry in told.values()] == ["5 points earned"]


async def test_accounts_of_others_are_not_touched(ana: Holder, holder: Callable[[], Awaitable[Holder]]) -> None:
    ben = await holder()
    await earn_for(ana, 5)
    await earn_for(ben, 7)
    await spend(ben, 7)
    assert ((await held(ana)).available, (await held(ben)).available) == (5, 0)
    assert clock.now() == START


async def test_a_difference_found_at_night_is_a_task_for_the_owner(ana: Holder) -> None:
    await earn_for(ana, 10)
    progress = uuid7()
    await execute("UPDATE lot SET remaining = 9")
    await execute(
        "INSERT INTO progress (id, kind, title, report, started_at) VALUES ($1, 'points.verify', '', '{}', now())",
        progress,
    )
    await verification.verify_ledger(progress)
    assert await fetchval("SELECT state FROM progress") == "failed"
    assert await fetchval("SELECT kind FROM task WHERE role = 'owner'") == "ledger_differs"
