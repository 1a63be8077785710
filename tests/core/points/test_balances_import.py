"""Opening balances from elsewhere: booked once, with control totals, and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from real_input import real

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins.state import disable
from tessera.members import imports
from tessera.members import service as members
from tessera.members.imports import ImportInUse, ImportOptions, Report
from tessera.members.imports.people import import_members
from tessera.members.normalise import Unusable
from tessera.members.service.merging import merge
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.imports import import_balances
from tessera.points.imports.reading import refuse_unit
from tessera.points.units import UnitFacts
from tessera_hooks import Expiry, _

Members = Callable[..., Awaitable[UUID]]


@pytest.fixture
async def ana(member: Members) -> UUID:
    return await member("Ana", phone="13800138000")


@pytest.fixture
async def ben(member: Members) -> UUID:
    return await member("Ben", phone="13900139000")


async def bring(folder: Path, text: str, name: str = "old.csv", **options: Any) -> Report:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return await import_balances(path, **options)


async def has(member: UUID) -> dict[str, int]:
    return {name: facts.balance for name, facts in (await service.balances(member)).items() if facts.balance}


def reasons(report: Report) -> list[str]:
    return [str(reason) for _line, reason in report.first_rejects]


async def test_a_row_an_amount(ana, ben, tmp_path):
    text = "phone,unit,amount\n13800138000,points,120\n13900139000,dummy.visits,7\n13900139000,points,5\n"
    report = await bring(tmp_path, text)
    assert report.created == 3
    assert (await has(ana), await has(ben)) == ({"points": 120}, {"points": 5, "dummy.visits": 7})


async def test_a_row_a_member_with_a_column_for_each_unit(ana, tmp_path):
    await bring(tmp_path, "手机号,积分,Visits\n13800138000,120,3\n")
    assert await has(ana) == {"points": 120, "dummy.visits": 3}


async def test_a_unit_with_decimals_is_read_by_them(ana, tmp_path):
    await bring(tmp_path, "phone,Claps\n13800138000,2.5\n")
    assert await has(ana) == {"dummy.claps": 25}


async def test_money_is_read_by_the_decimals_of_its_currency(ana, tmp_path):
    await bring(tmp_path, "phone,储值余额\n13800138000,¥1771.50\n", mapping={"储值余额": "dummy.purse.CNY"})
    assert await has(ana) == {"dummy.purse.CNY": 177150}


async def test_running_the_same_file_again_books_nothing(ana, tmp_path):
    text = "phone,points\n13800138000,120\n"
    await bring(tmp_path, text)
    again = await bring(tmp_path, text, name="renamed.csv")
    assert (again.unchanged, await has(ana)) == (1, {"points": 120})


async def test_another_amount_for_what_is_booked_is_rejected(ana, tmp_path):
    await bring(tmp_path, "phone,points\n13800138000,120\n")
    report = await bring(tmp_path, "phone,points\n13800138000,150\n")
    assert "booked with another amount" in reasons(report)[0]
    assert await has(ana) == {"points": 120}


async def test_lots_of_one_member_are_told_apart_by_their_expiry(ana, tmp_path):
    text = "phone,points,有效期至\n13800138000,100,2027-01-31\n13800138000,150,2027-03-31\n"
    assert (await bring(tmp_path, text)).created == 2


async def test_the_same_lot_twice_in_one_list_is_named(ana, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n13800138000,100\n")
    assert (report.created, "stand in the list twice" in reasons(report)[0]) == (1, True)


async def test_a_reference_tells_equal_lots_apart(ana, tmp_path):
    report = await bring(tmp_path, "phone,points,reference\n13800138000,100,a\n13800138000,100,b\n")
    assert (report.created, await has(ana)) == (2, {"points": 200})


async def test_after_a_merge_the_survivor_is_known_to_have_it(ana, ben, tmp_path):
    text = "phone,points\n13900139000,100\n"
    await bring(tmp_path, text)
    await merge(ana, ben)
    again = await bring(tmp_path, text)
    assert (again.unchanged, await has(ana)) == (1, {"points": 100})


async def test_a_day_is_the_last_on_which_it_can_be_spent(ana, tmp_path):
    await bring(tmp_path, "phone,points,expires\n13800138000,100,2027-01-31\n")
    until = await fetchval("SELECT expires_at FROM lot")
    assert until == datetime(2027, 1, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("said", ["永久", "9999-12-31", "9999-12-31 23:59:59"])
async def test_for_ever_is_a_word_or_the_last_day_of_all_calendars(ana, tmp_path, said):
    report = await bring(tmp_path, f"phone,points,有效期\n13800138000,100,{said}\n")
    assert report.created == 1
    assert await fetchval("SELECT expires_at FROM lot") is None


async def test_without_an_expiry_the_policy_of_the_unit_holds_from_the_day_of_the_list(ana, tmp_path):
    await bring(tmp_path, "phone,points,date\n13800138000,100,2025-07-06\n")
    assert await fetchval("SELECT expires_at FROM lot") == datetime(2027, 7, 31, 16, 0, tzinfo=UTC)


async def test_what_has_expired_is_rejected(ana, tmp_path):
    report = await bring(tmp_path, "phone,points,expires\n13800138000,100,2020-01-31\n")
    assert "expired already" in reasons(report)[0]


async def test_an_entry_is_history_of_the_import_in_the_members_store(ana, store, tmp_path):
    report = await bring(tmp_path, "phone,points,reason\n13800138000,100,from the old till\n")
    row = await fetchrow("SELECT origin, batch, store, reason, source FROM entry")
    assert tuple(row) == ("import", report.batch, store, "from the old till", "import.balances")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("-5", "below zero"),
        ("5.5", "0 decimals at most"),
        ("many", "no amount"),
        ("99999999999999", "too large"),
    ],
)
async def test_what_cannot_be_a_balance_is_rejected_with_the_reason(ana, tmp_path, cell, said):
    report = await bring(tmp_path, f"phone,points\n13800138000,{cell}\n")
    assert said in reasons(report)[0]


async def test_a_row_is_booked_whole_or_not_at_all(ana, tmp_path):
    await bring(tmp_path, "phone,points\n13800138000,100\n")
    report = await bring(tmp_path, "phone,points,Visits\n13800138000,101,3\n")
    assert (report.rejected, await has(ana)) == (1, {"points": 100})


async def test_nobody_is_made_by_a_list_of_balances(store, system, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n")
    assert reasons(report) == ["there is no such member"]


async def test_a_name_alone_must_mean_one_person(ana, member, tmp_path):
    await member("Ana")
    report = await bring(tmp_path, "name,points\nAna,100\n")
    assert "several members have this name" in reasons(report)[0]


async def test_a_unit_of_a_plugin_that_is_off_is_rejected(ana, tmp_path):
    await disable("dummy")
    report = await bring(tmp_path, "phone,unit,amount\n13800138000,dummy.visits,5\n")
    assert "not switched on" in reasons(report)[0]


async def test_a_unit_that_comes_with_what_was_sold_is_no_balance():
    sold = UnitFacts("dummy.lessons.yoga", _("Lessons"), 0, None, Expiry(), 0, by_hand=False, plugin="core")
    with pytest.raises(Unusable, match="import entitlements"):
        refuse_unit(sold, 5)


async def test_an_unknown_unit_is_rejected_with_the_nearest(ana, tmp_path):
    report = await bring(tmp_path, "phone,unit,amount\n13800138000,pionts,5\n")
    assert 'did you mean "points"' in reasons(report)[0]


async def test_amounts_without_a_unit_need_one(ana, tmp_path):
    with pytest.raises(Invalid, match="give --unit"):
        await bring(tmp_path, "phone,amount\n13800138000,5\n")


async def test_the_unit_may_be_said_for_the_whole_list(ana, tmp_path):
    await bring(tmp_path, "phone,amount\n13800138000,5\n", unit="points")
    assert await has(ana) == {"points": 5}


async def test_control_totals_say_what_was_booked_there_and_rejected(ana, ben, tmp_path):
    await bring(tmp_path, "phone,points\n13800138000,100\n")
    text = "phone,points\n13800138000,100\n13900139000,20\n13700137000,3\n"
    [total] = (await bring(tmp_path, text)).totals
    assert total.as_json() == {
        "of": "points",
        "title": "points",
        "in_file": "123",
        "booked": "20",
        "there": "100",
        "rejected": "3",
        "members": 1,
    }


async def test_one_bad_cell_keeps_no_other_out_of_the_control_totals(ana, tmp_path):
    report = await bring(tmp_path, "phone,points,Visits\n13800138000,many,3\n")
    assert [(total.key, total.rejected) for total in report.totals] == [("dummy.visits", 3)]


async def test_a_rehearsal_tells_the_totals_and_books_nothing(ana, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n", options=ImportOptions(dry_run=True))
    assert (report.totals[0].booked, await has(ana)) == (100, {})


async def test_an_undo_takes_it_back_and_the_list_can_be_brought_anew(ana, tmp_path):
    text = "phone,points\n13800138000,100\n"
    report = await bring(tmp_path, text)
    assert report.batch is not None
    await imports.undo(report.batch)
    assert await has(ana) == {}
    assert (await bring(tmp_path, text)).created == 1


async def test_an_undo_is_refused_where_it_was_spent(ana, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n")
    await service.debit(await members.account_of(ana), ana, 30, reason="a towel")
    assert report.batch is not None
    with pytest.raises(ImportInUse, match="were used since"):
        await imports.undo(report.batch)


async def test_an_undo_looks_at_what_is_spent_at_that_moment(ana, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n")
    account = await members.account_of(ana)
    spent = await service.debit(account, ana, 30, reason="a towel")
    await ledger.reverse(spent.id, reason="too small", source="dummy.desk", amount=29)
    assert report.batch is not None
    with pytest.raises(ImportInUse, match="were used since, in 2 entries"):
        await imports.undo(report.batch)
    await ledger.reverse(spent.id, reason="too small", source="dummy.desk")
    await imports.undo(report.batch)
    assert ((await service.balances(ana))["points"].balance, await service.verify()) == (0, [])


async def test_a_redemption_that_also_took_from_elsewhere_and_came_back_is_in_nobodys_way(ana, tmp_path):
    report = await bring(tmp_path, "phone,points\n13800138000,100\n")
    account = await members.account_of(ana)
    await service.credit(account, ana, 40, reason="a gift")
    spent = await service.debit(account, ana, 120, reason="a coat")
    await ledger.reverse(spent.id, reason="too large", source="dummy.desk")
    assert report.batch is not None
    await imports.undo(report.batch)
    assert ((await service.balances(ana))["points"].available, await service.verify()) == (40, [])


async def test_what_expired_before_a_redemption_came_back_is_not_lost_or_doubled_by_an_undo(ana, tmp_path):
    report = await bring(tmp_path, "phone,points,expires\n13800138000,100,2026-12-31\n")
    spent = await service.debit(await members.account_of(ana), ana, 30, reason="a towel")
    with clock.frozen(datetime(2027, 1, 5, tzinfo=UTC)):
        await service.book_all_expired()
        await ledger.reverse(spent.id, reason="too small", source="dummy.desk")
        assert report.batch is not None
        await imports.undo(report.batch)
        assert ((await service.balances(ana))["points"].balance, await service.verify()) == (0, [])


async def test_what_was_brought_pays_a_debt_first_and_the_ledger_agrees(ana, tmp_path):
    await set_setting("points.per_unit", "1")
    await bring(tmp_path, "phone,points\n13800138000,100\n")
    assert await service.verify() == []


async def test_the_wide_list_of_a_shop_is_read_as_it_is(store, system, tmp_path):
    path = tmp_path / "contacts_gb18030.csv"
    path.write_bytes(b"".join(real("contacts_gb18030.csv").read_bytes().splitlines(keepends=True)[:400]))
    with clock.frozen(datetime(2026, 11, 22, 4, 0, tzinfo=UTC)):
        await import_members(path)
        report = await import_balances(path, mapping={"储值余额": "dummy.purse.CNY"})
    booked = {total.key: int(total.booked.scaleb(total.scale)) for total in report.totals}
    assert booked == {
        row["unit"]: row["sum"] for row in await fetch("SELECT unit, sum(remaining)::bigint FROM lot GROUP BY unit")
    }
