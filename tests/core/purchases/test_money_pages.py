"""Pages of shifts and reports, as a cashier and an owner use them."""

from __future__ import annotations

import re

import httpx
from core.purchases.selling import sell
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.access.actor import system_actor
from tessera.kernel.database import fetchrow, fetchval
from tessera.points import public as ledger

HIDDEN = re.compile(r'type="hidden" name="(counted\.\w+|shown)" value="([^"]*)"')


async def begin(browser: httpx.AsyncClient, opening: str = "200") -> str:
    await send(browser, "/till/shift", store="main", opening=opening)
    return f"/till/shifts/{await fetchval('SELECT id FROM shift')}"


async def test_a_shift_is_opened_with_what_is_in_the_drawer(owner):  # noqa: F811
    await begin(owner, "200.50")
    assert await fetchval("SELECT opening FROM shift") == 20050


async def test_more_decimals_than_the_currency_has_are_refused(owner):  # noqa: F811
    answer = await send(owner, "/till/shift", store="main", opening="1.005")
    assert "with no smaller parts" in answer.text


async def test_cash_is_taken_out_with_a_reason(owner):  # noqa: F811
    await begin(owner)
    await send(owner, "/till/shift", "/till/shift/cash", direction="out", amount="50", reason="flowers")
    assert tuple(await fetchrow("SELECT amount, note FROM taking")) == (-5000, "flowers")


async def test_whether_cash_goes_in_or_out_must_be_said(owner):  # noqa: F811
    await begin(owner)
    answer = await send(owner, "/till/shift", "/till/shift/cash", amount="50", reason="flowers")
    assert "say whether it was put in or taken out" in answer.text


async def test_the_difference_is_shown_before_the_shift_ends(owner):  # noqa: F811
    here = await begin(owner)
    answer = await send(owner, f"{here}/end", **{"counted.cash": "190"})
    assert "-¥10.00" in answer.text
    assert await fetchval("SELECT closed_at FROM shift") is None


async def confirm(browser: httpx.AsyncClient, here: str, counted: str, **more: str) -> httpx.Response:
    shown = (await send(browser, f"{here}/end", **{"counted.cash": counted})).text
    hidden = {name: value.replace("&#34;", '"') for name, value in HIDDEN.findall(shown)}
    return await send(browser, f"{here}/end", **hidden, confirm="yes", **more)


async def test_a_shift_ends_once_confirmed(owner):  # noqa: F811
    here = await begin(owner)
    answer = await confirm(owner, here, "199")
    assert "The shift is ended." in answer.text
    assert await fetchval("SELECT counted ->> 'cash' FROM shift") == "19900"


async def test_whoever_counts_again_finds_what_was_counted(owner):  # noqa: F811
    here = await begin(owner)
    answer = await send(owner, f"{here}/end", **{"counted.cash": "190", "confirm": "again"})
    assert 'name="counted.cash" type="text" value="190"' in answer.text
    assert await fetchval("SELECT closed_at FROM shift") is None


async def test_a_large_difference_asks_why(owner):  # noqa: F811
    here = await begin(owner)
    assert "say why it differs" in (await confirm(owner, here, "100")).text
    assert await fetchval("SELECT closed_at FROM shift") is None


async def test_a_large_difference_with_a_note_is_kept(owner):  # noqa: F811
    here = await begin(owner)
    await confirm(owner, here, "100", note="lent to the bakery")
    page = (await owner.get(here)).text
    assert "lent to the bakery" in page
    assert "-¥100.00" in page


async def test_shifts_are_listed_with_their_difference(owner):  # noqa: F811
    await confirm(owner, await begin(owner), "199")
    page = (await owner.get("/till/shifts?store=main")).text
    assert "Olga" in page
    assert "-¥1.00" in page


async def test_when_a_note_is_needed_is_a_setting(owner):  # noqa: F811
    answer = await send(owner, "/settings/shifts", beyond="0.5")
    assert 'value="0.50"' in answer.text


async def test_takings_of_a_day_are_a_page_and_a_file(owner, ana):  # noqa: F811
    with system_actor():
        await sell(ana, 12345)
    assert "¥123.45" in (await owner.get("/reports/takings?since=2026-11-20")).text
    file = await owner.get("/reports/takings/file?since=2026-11-20&kind=csv")
    assert "123.45" in file.text


async def test_what_is_owed_is_a_page_and_a_file(owner, ana):  # noqa: F811
    with system_actor():
        await ledger.credit(ana, "dummy.purse.CNY", 1234, reason="paid in", source="dummy.paid")
    assert "12.34" in (await owner.get("/reports/liability?month=2026-11")).text
    assert "12.34" in (await owner.get("/reports/liability/file?month=2026-11")).text


async def test_no_cell_of_a_report_starts_a_formula(owner, ana):  # noqa: F811
    with system_actor():
        await ledger.credit(ana, "dummy.purse.CNY", 10, reason="x", source="dummy.paid")
        await ledger.debit(ana, "dummy.purse.CNY", 10, reason="x", source="dummy.spent")
    cells = [
        cell
        for line in (await owner.get("/reports/liability/file?kind=csv")).text.splitlines()[1:]
        for cell in line.split(",")
    ]
    assert not [cell for cell in cells if cell[:1] in "=@+" and cell]


async def test_a_workbook_is_one(owner):  # noqa: F811
    assert (await owner.get("/reports/takings/file?kind=xlsx")).content[:2] == b"PK"


async def test_an_unknown_kind_of_file_is_refused(owner):  # noqa: F811
    assert (await owner.get("/reports/takings/file?kind=pdf")).status_code == 422


async def test_exports_are_in_the_audit(owner):  # noqa: F811
    await owner.get("/reports/takings/file")
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'reports.exported'") == 1
