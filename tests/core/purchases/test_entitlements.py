"""What members were sold elsewhere: brought once by the plugin that keeps it, counted, taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import host
from tessera.kernel.plugins.state import disable
from tessera.members import imports
from tessera.members import service as members
from tessera.members.imports import ImportInUse, ImportOptions, Report
from tessera.members.service.merging import merge
from tessera.plugin import ledger
from tessera.points import service as points
from tessera.purchases.imports.entitlements import import_entitlements
from tessera.purchases.imports.entitlements.reading import READERS

HEAD = "phone,kind,visits,paid,seat,reference\n"
ONE = "13800138000,dummy.ticket,10,¥300.50,A,T1\n"


async def bring(folder: Path, text: str, name: str = "old.csv", **options: Any) -> Report:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return await import_entitlements(path, **options)


def reasons(report: Report) -> list[str]:
    return [str(reason) for _line, reason in report.first_rejects]


async def tickets() -> list[int]:
    return [row["amount"] for row in await fetch("SELECT amount FROM dummy.seen WHERE what = 'ticket' ORDER BY id")]


async def test_a_row_becomes_what_the_plugin_keeps(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE)
    assert (report.created, await tickets()) == (1, [30050])
    assert await ledger.available(ana, "dummy.visits") == 10


async def test_its_entries_are_history_of_the_import(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE)
    assert await fetch("SELECT origin, batch FROM entry") == [("import", report.batch)]


@pytest.mark.parametrize("word", ["ticket", "Ticket", "门票", "DUMMY.TICKET"])
async def test_a_kind_has_several_names(ana, tmp_path, word):
    assert (await bring(tmp_path, HEAD + ONE.replace("dummy.ticket", word))).created == 1


async def test_the_kind_may_be_said_for_the_whole_list(ana, tmp_path):
    assert (await bring(tmp_path, "手机号,次数\n13800138000,10\n", kind="门票")).created == 1


async def test_a_list_without_kind_needs_one(ana, tmp_path):
    with pytest.raises(Invalid, match="give --kind"):
        await bring(tmp_path, "phone,visits\n13800138000,10\n")


async def test_an_unknown_kind_is_rejected_with_the_nearest(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE.replace("dummy.ticket", "tikcet"))
    assert 'did you mean "ticket"' in reasons(report)[0]


async def test_a_kind_of_a_plugin_that_is_off_is_rejected(ana, tmp_path):
    await disable("dummy")
    report = await bring(tmp_path, HEAD + ONE)
    assert "not switched on" in reasons(report)[0]


async def test_running_the_same_file_again_brings_nothing(ana, tmp_path):
    await bring(tmp_path, HEAD + ONE)
    again = await bring(tmp_path, HEAD + ONE, name="renamed.csv")
    assert (again.unchanged, len(await tickets())) == (1, 1)


async def test_a_row_without_reference_is_known_by_all_it_says(ana, tmp_path):
    text = "phone,kind,visits\n13800138000,ticket,10\n"
    await bring(tmp_path, text)
    assert (await bring(tmp_path, text, name="again.csv")).unchanged == 1


async def test_a_reference_with_other_contents_is_rejected(ana, tmp_path):
    await bring(tmp_path, HEAD + ONE)
    report = await bring(tmp_path, HEAD + ONE.replace(",10,", ",9,"))
    assert "other contents" in reasons(report)[0]


async def test_equal_rows_of_one_list_are_named(ana, tmp_path):
    report = await bring(tmp_path, "phone,kind,visits\n13800138000,ticket,10\n13800138000,ticket,10\n")
    assert (report.created, "twice" in reasons(report)[0]) == (1, True)


async def test_what_was_brought_for_someone_is_the_survivors(ana, member, tmp_path):
    ben = await member("Ben", phone="13900139000")
    text = HEAD + ONE.replace("13800138000", "13900139000")
    await bring(tmp_path, text)
    await merge(ana, ben)
    assert (await bring(tmp_path, text, name="again.csv")).unchanged == 1


async def test_a_refusal_of_the_plugin_rejects_its_row_alone(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE + ONE.replace(",A,T1", ",torn,T2"))
    assert (report.created, reasons(report)) == (1, ["this ticket is torn"])
    assert await ledger.available(ana, "dummy.visits") == 10


async def test_a_field_that_is_needed_is_asked_for(ana, tmp_path):
    report = await bring(tmp_path, "phone,kind,visits\n13800138000,ticket,\n")
    assert reasons(report) == ["visits: this is needed"]


@pytest.mark.parametrize(
    ("type_", "cell", "value"),
    [("count", "12.0", 12), ("money", "12.50", 1250), ("text", " a ", "a"), ("day", "2026/8/16", date(2026, 8, 16))],
)
def test_cells_are_read_by_their_type(type_, cell, value):
    assert READERS[type_](cell, "CNY") == value


async def test_control_totals_count_rows_and_sums_by_kind(ana, tmp_path):
    await bring(tmp_path, HEAD + ONE)
    text = HEAD + ONE + ONE.replace(",T1", ",T2") + ONE.replace("13800138000", "13700137000")
    totals = {one.key: one for one in (await bring(tmp_path, text, name="more.csv")).totals}
    paid = totals["dummy.ticket.paid CNY"].as_json()
    assert [paid[name] for name in ("in_file", "booked", "there", "rejected")] == [
        "901.50",
        "300.50",
        "300.50",
        "300.50",
    ]
    assert totals["dummy.ticket"].in_file == 3


async def test_one_bad_cell_keeps_no_other_out_of_the_control_totals(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE.replace(",10,", ",many,"))
    totals = {one.key: one for one in report.totals}
    assert totals["dummy.ticket.paid CNY"].rejected == Decimal("300.50")


async def test_a_rehearsal_brings_nothing(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE, options=ImportOptions(dry_run=True))
    assert (report.created, await tickets()) == (1, [])


async def test_an_undo_takes_everything_back(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE)
    assert report.batch is not None
    await imports.undo(report.batch)
    assert (await tickets(), await ledger.available(ana, "dummy.visits"), await points.verify()) == ([], 0, [])


async def test_after_an_undo_the_list_can_be_brought_anew(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE)
    assert report.batch is not None
    await imports.undo(report.batch)
    assert (await bring(tmp_path, HEAD + ONE)).created == 1


async def test_an_undo_is_refused_where_it_was_used(ana, tmp_path):
    report = await bring(tmp_path, HEAD + ONE)
    about = await fetchval("SELECT about FROM dummy.seen WHERE what = 'ticket'")
    await execute("INSERT INTO dummy.seen (id, what, about, at) VALUES ($1, 'used', $1, now())", about)
    assert report.batch is not None
    with pytest.raises(ImportInUse, match="a ticket was used"):
        await imports.undo(report.batch)


async def test_nobody_is_made_by_a_list_of_entitlements(ana: UUID, tmp_path):
    await bring(tmp_path, HEAD + ONE.replace("13800138000", "13700137000"))
    assert len(await members.newest(10)) == 1


async def test_plugins_declare_their_kinds(business):
    declared = host().declared("entitlement_kinds")
    assert [one.value.name for one in declared if one.plugin == "dummy"] == ["ticket"]
