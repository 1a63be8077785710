"""Shifts at the till: what is expected, what was counted, and that no sale slips through while one ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from core.purchases.selling import sale

from tessera.access import service as access
from tessera.access.actor import acting_as
from tessera.access.service import leaving
from tessera.access.service.acting import staff_actor
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.errors import Forbidden, Invalid
from tessera.kernel.ids import uuid7
from tessera.purchases import service
from tessera.purchases.service import NewPayment
from tessera.purchases.service.shift_figures import ShiftFacts, beside, moved_in, set_note_beyond
from tessera.purchases.service.shift_list import open_shifts, shifts
from tessera.purchases.service.shifts import (
    ExpectedChanged,
    ShiftEnded,
    ShiftOpen,
    ShiftUnknown,
    current_shift,
    end_shift,
    open_shift,
    shift,
)
from tessera.purchases.service.takings import NoShift, move_cash, take


@pytest.fixture
async def mia(store: UUID) -> UUID:
    return (await access.add_staff("mia", "Mia", "three quiet lanterns", role_code="cashier", store_code="main")).id


async def person(staff: UUID, store: UUID) -> object:
    someone = await staff_actor(staff, store)
    assert someone is not None
    return someone


@contextmanager
def _at(someone: object) -> Iterator[None]:
    with acting_as(someone):  # type: ignore[arg-type]
        yield


async def pay(amount: int, number: str, **paid: int) -> UUID:
    payments = [NewPayment(method, part) for method, part in paid.items()]
    return (await service.record_purchase(replace(sale(None, amount, number), payments=payments))).id


async def expected(id_: UUID) -> dict[str, int]:
    return {f.method: f.expected for f in await moved_in(await shift(id_))}


async def test_a_shift_expects_its_float_and_what_was_paid_by_each_method(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(20000)
        await pay(5000, "R1", cash=3000, card=2000)
        await pay(1000, "R2", cash=1000)
        await take("wallet.recharge", "cash", 10000, "CNY", store=store)
        await move_cash(-15000, "to the bank", store=store)
        assert await expected(opened) == {"cash": 20000 + 3000 + 1000 + 10000 - 15000, "card": 2000}


async def test_a_refund_leaves_the_shift_in_which_it_is_given(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        back = uuid7()
        await execute(
            "INSERT INTO purchase_return (id, source, external_id, fingerprint, store, at, currency, amount, origin, "
            "recorded_at, shift) VALUES ($1, 'till', 'B1', '', $2, now(), 'CNY', 700, 'live', now(), $3)",
            back,
            store,
            opened,
        )
        await execute(
            "INSERT INTO refund (id, purchase_return, place, method, amount) VALUES ($1, $2, 1, 'cash', 700)",
            uuid7(),
            back,
        )
        assert await expected(opened) == {"cash": -700}


async def test_what_is_sold_outside_of_a_shift_counts_in_none(store, mia):
    with _at(await person(mia, store)):
        bought = await pay(1000, "R1", cash=1000)
    assert await fetchval("SELECT shift FROM purchase WHERE id = $1", bought) is None


async def test_sales_without_word_of_payment_are_shown_beside(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await pay(1000, "R1", cash=400)
    assert (await beside(opened)).unsaid == 600


async def test_someone_has_one_open_shift_in_a_store(store, mia):
    with _at(await person(mia, store)):
        await open_shift(0)
        with pytest.raises(ShiftOpen):
            await open_shift(0)


async def test_of_two_shifts_opened_at_once_one_is(store, mia):
    with _at(await person(mia, store)):
        results = await asyncio.gather(*(open_shift(0) for _ in range(4)), return_exceptions=True)
    assert [type(r) for r in results].count(ShiftOpen) == 3


async def test_programs_have_no_shifts(store):
    with pytest.raises(Forbidden):
        await open_shift(0)


async def test_ending_keeps_what_was_expected_and_counted(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        await pay(5000, "R1", cash=5000)
        ended = await end_shift(opened, {"cash": 14800})
    assert (ended.expected, ended.counted, ended.difference) == ({"cash": 15000}, {"cash": 14800}, -200)


async def test_what_was_not_counted_counts_as_nothing(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await pay(5000, "R1", card=5000)
        ended = await end_shift(opened, {}, note="no slips")
    assert ended.counted == {"card": 0, "cash": 0}


async def test_money_that_a_plugin_keeps_is_not_counted(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await take("dummy.swap", "dummy.tokens", 900, "CNY", store=store)
        ended = await end_shift(opened, {})
    assert ended.expected == {"cash": 0}


async def test_money_of_another_currency_is_shown_and_not_counted(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await take("till.put_in", "cash", 900, "USD", store=store)
        ended = await end_shift(opened, {})
    assert ended.expected == {"cash": 0}


async def test_a_difference_beyond_the_setting_needs_a_note(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        with pytest.raises(Invalid, match="say why it differs"):
            await end_shift(opened, {"cash": 9499})


async def test_a_difference_within_the_setting_needs_none(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        assert (await end_shift(opened, {"cash": 9500})).difference == -500


async def test_differences_of_two_methods_do_not_hide_each_other(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        with pytest.raises(Invalid, match="say why it differs"):
            await end_shift(opened, {"cash": 9000, "card": 1000})


async def test_the_setting_says_how_much_may_differ(store, mia):
    await set_note_beyond("0")
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        with pytest.raises(Invalid, match="say why it differs"):
            await end_shift(opened, {"cash": 9999})


async def test_a_setting_that_is_no_number_falls_back(store, mia):
    await set_setting("shifts.note_beyond", "much")
    with _at(await person(mia, store)):
        opened = await open_shift(10000)
        assert (await end_shift(opened, {"cash": 9500})).note == ""


async def test_a_shift_ends_once(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await end_shift(opened, {})
        with pytest.raises(ShiftEnded):
            await end_shift(opened, {})


async def test_what_was_sold_since_the_difference_was_shown_stops_the_end(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        await pay(500, "R1", cash=500)
        with pytest.raises(ExpectedChanged):
            await end_shift(opened, {"cash": 0}, shown={"cash": 0})


async def test_no_sale_slips_in_between_while_a_shift_ends(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        sales = [pay(100, f"R{n}", cash=100) for n in range(12)]
        ended = asyncio.create_task(end_shift(opened, {"cash": 0}, note="race"))
        await asyncio.gather(*sales, ended)
    sold = await fetchval("SELECT count(*) FROM purchase WHERE shift = $1", opened)
    assert (await shift(opened)).expected == {"cash": 100 * sold}


async def test_an_end_waits_for_the_sale_that_is_on_its_way(store, mia):
    someone = await person(mia, store)
    with _at(someone):
        opened = await open_shift(0)

        async def slowly() -> ShiftFacts:
            ending = None

            async def work() -> None:
                nonlocal ending
                await current_shift(store)
                ending = asyncio.get_running_loop().create_task(_apart(opened))
                await asyncio.sleep(0.1)
                await take("dummy.token", "cash", 300, "CNY", store=store)

            await in_transaction(work)
            assert ending is not None
            return await ending

        assert (await slowly()).expected == {"cash": 300}


async def _apart(opened: UUID) -> ShiftFacts:
    """End a shift on a connection of its own, though the caller is in the middle of a unit of work."""
    from tessera.kernel.database import DB

    DB.current_transaction.set(None)
    return await end_shift(opened, {"cash": 300})


async def test_a_sale_after_the_end_finds_no_shift(store, mia):
    with _at(await person(mia, store)):
        await end_shift(await open_shift(0), {})
        assert await current_shift(store) is None


async def test_the_money_lies_with_whoever_is_at_the_till(store, mia):
    other = (await access.add_staff("leo", "Leo", "three quiet lanterns", role_code="cashier", store_code="main")).id
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        assert await current_shift(store, other) == opened


async def test_a_program_sells_in_the_shift_of_the_cashier_it_names(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
    assert await current_shift(store, mia) == opened


async def test_a_sale_that_a_till_sends_late_is_not_in_the_drawer_of_today(store, mia):
    with _at(await person(mia, store)):
        await open_shift(0)
        assert await current_shift(store, at=clock.now() - timedelta(hours=1)) is None


async def test_cash_moved_by_hand_says_why(store, mia):
    with _at(await person(mia, store)):
        await open_shift(0)
        with pytest.raises(Invalid, match="say the reason"):
            await move_cash(-500, "  ", store=store)


async def test_cash_is_moved_within_a_shift(store, mia):
    with _at(await person(mia, store)), pytest.raises(NoShift):
        await move_cash(500, "change", store=store)


async def test_a_shift_of_another_store_is_not_seen(store, mia):
    there = (await access.add_store("pudong", name="Pudong")).id
    leo = (await access.add_staff("leo", "Leo", "three quiet lanterns", role_code="cashier", store_code="pudong")).id
    with _at(await person(mia, store)):
        opened = await open_shift(0)
    with _at(await person(leo, there)):
        assert await shifts() == []
        with pytest.raises(ShiftUnknown):
            await end_shift(opened, {})


async def test_shifts_of_a_day_are_those_that_touch_it(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
        today = (await shift(opened)).opened_at.date()
        assert [one.id for one in await shifts(store=store, day=today)] == [opened]


async def test_the_open_shift_of_someone_who_left_is_shown_and_counted_by_others(store, mia):
    with _at(await person(mia, store)):
        opened = await open_shift(0)
    await leaving.leave(mia)
    [left] = await open_shifts()
    assert (left.id, left.has_left) == (opened, True)
    assert (await end_shift(opened, {})).closed_at is not None


async def test_whoever_takes_over_gets_a_task_to_count(store, mia):
    heir = (await access.add_staff("leo", "Leo", "three quiet lanterns", role_code="manager", store_code="main")).id
    with _at(await person(mia, store)):
        await open_shift(0)
    await leaving.leave(mia, {("shifts", "open"): leaving.Heir(staff=heir)})
    assert await fetchval("SELECT staff FROM task WHERE kind = 'shift.count'") == heir
