"""What the business owes: every month adds up, and all of it agrees with the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from core.points.people import START, Holder, earn_for, new_holder
from core.points.test_properties import STEPS, Story
from hypothesis import given

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch
from tessera.kernel.events import importing
from tessera.kernel.ids import uuid7
from tessera.points import public as ledger
from tessera.points import service
from tessera.points.service import Returned
from tessera.points.service.liability import Movement, UnitTotal, liability, month_bounds, rounded, shown

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)

BOOKED = "SELECT unit, sum(amount)::bigint AS amount FROM entry WHERE recorded_at < $1 GROUP BY unit"
"""What the ledger says, by nothing but its entries."""


async def of(unit: str = "points", month: date = MARCH) -> UnitTotal:
    return next(one for one in await liability(month) if one.unit == unit)


def moved(total: Movement) -> dict[str, int]:
    names = ("opening", "credited", "spent", "expired", "refunded", "corrected", "closing")
    return {name: getattr(total, name) for name in names if getattr(total, name)}


async def test_a_month_is_what_was_credited_and_spent(ana: Holder):
    await earn_for(ana, 100)
    await service.debit(ana.account, ana.member, 30, reason="a towel")
    assert moved((await of()).total) == {"credited": 100, "spent": -30, "closing": 70}


async def test_the_next_month_opens_with_what_was_left(ana: Holder):
    await earn_for(ana, 100)
    with clock.frozen(START + timedelta(days=30)):
        await service.debit(ana.account, ana.member, 30, reason="a towel")
        assert moved((await of(month=APRIL)).total) == {"opening": 100, "spent": -30, "closing": 70}


async def test_a_month_that_is_over_does_not_change(ana: Holder):
    await earn_for(ana, 100)
    with clock.frozen(START + timedelta(days=30)):
        await earn_for(ana, 50, at=START)
        assert moved((await of()).total) == {"credited": 100, "closing": 100}


async def test_what_came_back_is_refunded(ana: Holder):
    bought = await earn_for(ana, 100)
    await service.take_back(Returned(bought, uuid7(), ana.member, Fraction(1, 2), clock.now()))
    assert moved((await of()).total) == {"credited": 100, "refunded": -50, "closing": 50}


async def test_what_expired_counts_when_it_is_booked(ana: Holder):
    await service.credit(ana.account, ana.member, 40, reason="gift", expires_at=START + timedelta(days=2))
    with clock.frozen(START + timedelta(days=3)):
        await service.book_expired()
        assert moved((await of()).total) == {"credited": 40, "expired": -40}


async def test_a_debt_lowers_what_is_owed(ana: Holder):
    bought = await earn_for(ana, 100)
    await service.debit(ana.account, ana.member, 100, reason="a towel")
    await service.take_back(Returned(bought, uuid7(), ana.member, Fraction(1), clock.now()))
    points = await of()
    assert [(one.month, one.amount) for one in points.outstanding] == [(None, -100)]
    assert points.total.closing == -100


async def test_what_a_store_gave_counts_there_wherever_it_is_spent(ana: Holder):
    here, there = [(await access.add_store(code, name=code)).id for code in ("here", "there")]
    await service.credit(ana.account, ana.member, 40, reason="gift", store=here)
    await service.debit(ana.account, ana.member, 10, reason="a towel", store=there)
    assert [(m.store, m.closing) for m in (await of()).movements] == [(here, 30)]


async def test_who_sees_one_store_sees_what_that_store_owes(ana: Holder):
    here, there = [(await access.add_store(code, name=code)).id for code in ("here", "there")]
    await service.credit(ana.account, ana.member, 40, reason="gift", store=here)
    await service.credit(ana.account, ana.member, 7, reason="gift", store=there)
    with acting_as(Actor("staff", "Mia", (Grant(("points.read",), there),), staff_id=uuid7())):
        assert (await of()).total.closing == 7


async def test_outstanding_is_by_the_month_of_the_credit(ana: Holder):
    await earn_for(ana, 100, at=datetime(2025, 12, 31, 17, 0, tzinfo=UTC))
    assert [(one.month, one.amount) for one in (await of()).outstanding] == [(date(2026, 1, 1), 100)]


async def test_points_are_worth_what_they_pay(ana: Holder):
    await set_setting("points.pay.per_unit", 50)
    await earn_for(ana, 100)
    assert (await of()).value == 200


async def test_stored_money_is_worth_itself(ana: Holder):
    await ledger.credit(ana.member, "dummy.purse.CNY", 1234, reason="paid in", source="dummy.paid")
    assert ((await of("dummy.purse.CNY")).value, (await of("dummy.purse.CNY")).currency) == (1234, "CNY")


async def test_what_nobody_says_the_worth_of_has_none(ana: Holder):
    await ledger.credit(ana.member, "dummy.visits", 3, reason="gift", source="dummy.gift")
    assert (await of("dummy.visits")).value is None


async def test_a_plugin_says_what_a_unit_is_worth_by_its_credit(ana: Holder):
    await ledger.credit(ana.member, "dummy.claps", 25, reason="sold", source="dummy.sold", source_id=uuid7())
    assert (await of("dummy.claps")).value == 250


async def test_a_plugins_refund_is_told_by_its_source(ana: Holder):
    await ledger.credit(ana.member, "dummy.purse.CNY", 1000, reason="paid in", source="dummy.paid")
    await ledger.debit(ana.member, "dummy.purse.CNY", 400, reason="paid out", source="dummy.refund")
    assert moved((await of("dummy.purse.CNY")).total)["refunded"] == -400


@pytest.mark.parametrize(("amount", "scale", "text"), [(5, 2, "0.05"), (-1234, 2, "-12.34"), (120, 0, "120")])
def test_amounts_are_written_with_their_decimals(amount, scale, text):
    assert shown(amount, scale) == text


@pytest.mark.parametrize(("value", "whole"), [(Fraction(1, 2), 1), (Fraction(-1, 2), 0), (Fraction(7, 3), 2)])
def test_a_worth_is_rounded_half_up(value, whole):
    assert rounded(value) == whole


async def _agrees(month: date) -> None:
    booked = {row["unit"]: row["amount"] for row in await fetch(BOOKED, month_bounds(month)[1])}
    for one in await liability(month):
        total = one.total
        parts = total.opening + total.credited + total.spent + total.expired + total.refunded + total.corrected
        assert total.closing == parts == booked[one.unit] == sum(o.amount for o in one.outstanding)


@given(steps=STEPS)
async def test_whatever_happens_the_months_add_up_to_the_ledger(
    business: None, steps: list[tuple[object, ...]]
) -> None:
    story = Story(await new_holder())
    for what, *values in steps:
        await story.step(str(what), *values)
    await _agrees(clock.local_day(story.now, "Asia/Shanghai").replace(day=1))


async def test_an_import_that_was_undone_leaves_nothing_owed(ana: Holder):
    batch: UUID = uuid7()
    with importing(batch, "import"):
        await earn_for(ana, 100)
    await service.undo_batch(batch)
    assert moved((await of()).total) == {"credited": 100, "corrected": -100}
