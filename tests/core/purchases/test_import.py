"""Receipts from elsewhere: gathered from anywhere in a file, once, with their returns, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sell
from real_input import real

from tessera.kernel.business import set_business
from tessera.kernel.database import copy_records, execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import CannotRun, Invalid
from tessera.kernel.events import happened
from tessera.kernel.plugins import host
from tessera.kernel.tabular import Row, open_table
from tessera.members import identities, imports
from tessera.members import service as members
from tessera.members.imports import ImportInUse, ImportOptions, Report, arranging
from tessera.members.imports.people import import_members
from tessera.plugin import ledger
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.imports import import_purchases, loading

HEAD = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")


def write(path: Path, *rows: Sequence[str]) -> Path:
    """A CSV file."""
    path.write_text("\n".join(",".join(row) for row in (HEAD, *rows)) + "\n", encoding="utf-8")
    return path


def row(
    receipt: str, sku: str = "A", quantity: str = "1", price: str = "10", customer: str = "7.0", **more: str
) -> Any:
    return (receipt, sku, more.get("item", "Tea"), quantity, more.get("at", "2026-01-05 10:00"), price, customer)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.read, report.created, report.unchanged, report.rejected


async def member_of(customer: str, source: str = "till") -> UUID:
    found = await members.find_by_identity(f"external:{source}:{customer}")
    assert found is not None
    return found


async def test_rows_of_one_receipt_are_one_purchase_wherever_they_stand(store: UUID, tmp_path: Path) -> None:
    path = write(tmp_path / "till.csv", row("1", "A"), row("2", "B"), row("1", "C", "2", "0.125"), row("2", "D"))
    report = await import_purchases(path)
    assert counts(report) == (4, 4, 0, 0)
    stored = await fetch("SELECT external_id, amount FROM purchase ORDER BY external_id")
    assert [(r["external_id"], r["amount"]) for r in stored] == [("1", 10_25), ("2", 20_00)]
    assert await fetchval("SELECT unit_price FROM purchase_line WHERE sku = 'C'") == Decimal("0.125")


async def test_the_same_line_twice_is_two_lines(store: UUID, tmp_path: Path) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1"), row("1")))
    assert counts(report) == (2, 2, 0, 0)
    assert await fetchval("SELECT amount FROM purchase") == 20_00


async def test_a_second_run_changes_nothing_whatever_the_order(store: UUID, tmp_path: Path) -> None:
    rows = [row("1", "A"), row("1", "B"), row("C9", "A", "-1"), row("2", customer="")]
    await import_purchases(write(tmp_path / "till.csv", *rows))
    again = await import_purchases(write(tmp_path / "other.csv", *reversed(rows)), source="till")
    assert counts(again) == (4, 0, 4, 0)
    assert await fetchval("SELECT count(*) FROM purchase") == 2


async def test_a_known_receipt_with_other_contents_is_rejected(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1")))
    again = await import_purchases(write(tmp_path / "till.csv", row("1"), row("1", "B"), row("2")))
    assert counts(again) == (3, 1, 0, 2)
    assert "recorded with other contents" in again.first_rejects[0][1]


async def test_a_customer_known_by_an_id_alone_becomes_a_member_without_a_name(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1", at="2026-01-05 10:00"), row("2", customer="7")))
    found = await members.member(await member_of("7"))
    assert (found.name, found.source, str(found.joined_on)) == ("", "till", "2026-01-05")
    assert await members.lookup("external:till:7") == found.id
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_a_member_who_is_known_already_is_found(store: UUID, tmp_path: Path) -> None:
    ana = await members.create_member(members.NewMember(name="Ana", identities=[("external", "till:7")]))
    await import_purchases(write(tmp_path / "till.csv", row("1")))
    assert await fetchval("SELECT member FROM purchase") == ana
    assert (await members.member(ana)).name == "Ana"


async def test_without_a_customer_the_purchase_is_nobodys(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1", customer="")))
    assert await fetchval("SELECT count(*) FROM purchase WHERE member IS NULL") == 1
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_a_cancellation_takes_back_what_its_purchase_earned(store: UUID, tmp_path: Path) -> None:
    path = write(tmp_path / "till.csv", row("C1", "A", "-1"), row("1", "A", "3"), row("2", "A", "-4"))
    await import_purchases(path, earn=True)
    stored = await fetch("SELECT external_id, purchase IS NOT NULL AS linked FROM purchase_return ORDER BY 1")
    assert [(r["external_id"], r["linked"]) for r in stored] == [("2", False), ("C1", True)]
    assert await fetchval("SELECT returned FROM purchase_line") == 1
    assert (await points.balances(await member_of("7")))["points"].balance == 20
    assert await points.verify() == []
    assert await service.differing() == []


async def test_a_return_waits_for_a_purchase_of_a_later_file(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("C1", "A", "-1")), earn=True)
    assert await fetchval("SELECT count(*) FROM purchase_return WHERE purchase IS NULL") == 1
    await import_purchases(write(tmp_path / "till.csv", row("1", "A", "2")), earn=True)
    assert await fetchval("SELECT count(*) FROM purchase_return WHERE purchase IS NULL") == 0
    assert (await points.balances(await member_of("7")))["points"].balance == 10
    assert await service.differing() == []


async def test_an_article_comes_back_under_another_spelling_of_its_number(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("C1", "036000291452", "-1")))
    await import_purchases(write(tmp_path / "till.csv", row("1", "0036000291452", "2")))
    assert await fetchval("SELECT returned FROM purchase_line") == 1


async def test_what_comes_back_on_the_same_receipt_belongs_to_it(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1", "A", "3"), row("1", "A", "-1")), earn=True)
    stored = await fetchrow("SELECT amount, returned FROM purchase")
    assert tuple(stored) == (30_00, 10_00)
    assert await fetchval("SELECT returned FROM purchase_line") == 1


async def test_imported_points_count_from_the_day_of_the_purchase(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1", at="2024-01-05 10:00"), row("2")), earn=True)
    facts = (await points.balances(await member_of("7")))["points"]
    assert (facts.balance, facts.available) == (20, 10)
    assert [(e.amount, e.at) for e in facts.expiring] == [(10, datetime(2028, 1, 31, 16, tzinfo=UTC))]


async def test_imported_facts_are_history_unless_they_are_live(store: UUID, tmp_path: Path) -> None:
    await import_purchases(write(tmp_path / "till.csv", row("1")))
    assert await fetchval("SELECT array_agg(DISTINCT origin) FROM event WHERE kind LIKE 'purchase%'") == ["import"]
    await import_purchases(write(tmp_path / "till.csv", row("2")), options=ImportOptions(live=True))
    assert await fetchval("SELECT count(*) FROM event WHERE kind = 'purchase.recorded' AND origin = 'live'") == 1
    assert await fetchval("SELECT count(*) FROM entry") == 0


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("1", quantity="many"), "the quantity is no number"),
        (row("1", price="cheap"), "the price is no number"),
        (row("1", price="-3"), "the price is below zero"),
        (row("1", at="31/31/2026"), ""),
        (row("1", at=""), "the date is missing"),
        (row("1", at="2099-01-01"), "the date lies in the future"),
        (row(""), "the row has no receipt number"),
        (row("1", customer="1.38E+10"), ""),
    ],
)
async def test_a_row_that_cannot_be_used_is_rejected_with_its_reason(
    store: UUID, tmp_path: Path, bad: Any, reason: str
) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", bad, row("2")))
    assert counts(report) == (2, 1, 0, 1)
    assert report.first_rejects[0][0] == 2
    assert reason in report.first_rejects[0][1]


async def test_one_bad_line_keeps_its_whole_receipt_out(store: UUID, tmp_path: Path) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1"), row("2"), row("1", quantity="many")))
    assert counts(report) == (3, 1, 0, 2)
    assert [str(reason) for _line, reason in report.first_rejects] == [
        "line 4 of the same receipt: the quantity is no number"
    ] * 2


async def test_lines_that_name_two_customers_are_no_receipt(store: UUID, tmp_path: Path) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1"), row("1", customer="8")))
    assert counts(report) == (2, 0, 0, 2)


async def test_a_table_without_receipts_is_refused(store: UUID, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Name,Price\nTea,3\n", encoding="utf-8")
    with pytest.raises(Invalid, match="no column is recognised as the receipt's number"):
        await import_purchases(path)
    with pytest.raises(CannotRun, match='did you mean "receipt"'):
        await import_purchases(path, mapping={"Name": "reciept"})


async def test_chinese_headers_are_known(store: UUID, tmp_path: Path) -> None:
    path = tmp_path / "小票.csv"
    path.write_text(
        "小票号,交易时间,商品名称,数量,金额,手机号\nA1,2026年1月5日 10:30,面包,2,¥25.50,13800138000\n", "utf-8"
    )
    assert counts(await import_purchases(path)) == (1, 1, 0, 0)
    stored = await fetchrow("SELECT amount, at FROM purchase")
    assert (stored["amount"], stored["at"]) == (25_50, datetime(2026, 1, 5, 2, 30, tzinfo=UTC))
    assert await members.find_by_identity("phone:13800138000")


async def test_an_import_that_was_stopped_goes_on_where_it_was(
    store: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "till.csv", *[row(str(n % 700), f"S{n}") for n in range(2100)])
    real_write, calls = loading.Chunk.write, []

    async def stops(chunk: loading.Chunk) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the power went")
        await real_write(chunk)

    monkeypatch.setattr(loading.Chunk, "write", stops)
    with pytest.raises(OSError, match="the power went"):
        await import_purchases(path)
    done = await fetchval("SELECT count(*) FROM purchase")
    monkeypatch.undo()
    report = await import_purchases(path)
    assert 0 < done < 700
    assert counts(report) == (2100, 2100, 0, 0)
    assert await fetchval("SELECT count(*) FROM purchase_line") == 2100
    assert await fetchval("SELECT count(*) FROM import_batch") == 1


async def test_a_dry_run_says_the_same_and_changes_nothing(store: UUID, tmp_path: Path) -> None:
    path = write(tmp_path / "till.csv", row("1"), row("2", quantity="x"))
    rehearsed = await import_purchases(path, earn=True, options=ImportOptions(dry_run=True))
    assert counts(rehearsed) == (2, 1, 0, 1)
    assert await fetchval("SELECT count(*) FROM purchase") + await fetchval("SELECT count(*) FROM member") == 0


async def state() -> dict[str, int]:
    tables = ("purchase", "purchase_line", "purchase_return", "visit", "member_stats", "member")
    return {table: await fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def test_an_import_is_taken_back_whole(store: UUID, tmp_path: Path) -> None:
    before = await state()
    report = await import_purchases(write(tmp_path / "till.csv", row("1"), row("C1", quantity="-1"), row("2")))
    assert report.batch is not None
    undone = await imports.undo(report.batch)
    assert (undone.removed, await state()) == (3, before)
    assert counts(await import_purchases(tmp_path / "till.csv")) == (3, 3, 0, 0)


async def test_the_timeline_says_what_was_taken_back(ana: UUID, store: UUID, tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text("receipt,date,price,phone\nX1,2026-11-20 09:00,5,13800138000\n", encoding="utf-8")
    report = await import_purchases(path)
    assert report.batch is not None
    await imports.undo(report.batch)
    for kind in ("purchase.recorded", "visit.recorded"):
        read = host().event_kinds[kind].event.timeline
        assert read is not None
        told = await read([happened(row) for row in await fetch("SELECT * FROM event WHERE kind = $1", kind)])
        assert [entry.detail for entry in told.values()] == ["taken back together with its import"]


async def test_points_of_an_import_are_reversed_and_their_members_stay(store: UUID, tmp_path: Path) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1"), row("C1", quantity="-1")), earn=True)
    assert report.batch is not None
    await imports.undo(report.batch)
    assert (await points.balances(await member_of("7")))["points"].balance == 0
    assert await fetchval("SELECT count(*) FROM entry WHERE kind = 'undo'") == 2
    assert await fetchval("SELECT count(*) FROM purchase") == 0
    assert await points.verify() == []


async def test_an_import_is_taken_back_once_the_only_redemption_of_its_points_was_cancelled(
    store: UUID, tmp_path: Path
) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1", quantity="5")), earn=True)
    seven = await member_of("7")
    entry = await points.debit(await members.account_of(seven), seven, 10, reason="towel")
    assert report.batch is not None
    with pytest.raises(ImportInUse, match="points of this import were used since"):
        await imports.undo(report.batch)
    await ledger.reverse(entry.id, reason="too small", source="dummy.desk")
    await imports.undo(report.batch)
    assert ((await points.balances(seven))["points"].balance, await points.verify()) == (0, [])


async def test_an_import_on_which_something_stands_is_not_taken_back(store: UUID, tmp_path: Path) -> None:
    report = await import_purchases(write(tmp_path / "till.csv", row("1", quantity="5")), earn=True)
    assert report.batch is not None
    seven = await member_of("7")
    await points.debit(await members.account_of(seven), seven, 10, reason="towel")
    with pytest.raises(ImportInUse, match="points of this import were used since"):
        await imports.undo(report.batch)
    other = await import_purchases(write(tmp_path / "second.csv", row("9")), source="till")
    assert other.batch is not None
    await bring_back(await fetchval("SELECT id FROM purchase WHERE external_id = '9'"))
    with pytest.raises(ImportInUse, match="1 of its purchases were returned since"):
        await imports.undo(other.batch)
    assert await fetchval("SELECT count(*) FROM purchase") == 2


async def test_a_visit_that_another_purchase_was_too_stays_after_an_undo(
    ana: UUID, store: UUID, tmp_path: Path
) -> None:
    path = tmp_path / "till.csv"
    path.write_text("receipt,date,price,phone\nX1,2026-11-20 09:00,5,13800138000\n", encoding="utf-8")
    report = await import_purchases(path)
    await sell(ana, 10_00)
    assert report.batch is not None
    await imports.undo(report.batch)
    assert await fetchval("SELECT count(*) FROM visit WHERE member = $1", ana) == 1
    assert await service.differing() == []


async def test_the_last_visit_of_a_list_of_members_is_a_visit_of_history(store: UUID, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("姓名,手机号,最近到店\n王伟,13800138000,2026-05-01\n李娜,13900139000,2099-01-01\n", "utf-8")
    report = await import_members(path)
    assert counts(report) == (2, 1, 0, 1)
    stored = await fetchrow("SELECT day::text AS day, origin, kind FROM visit")
    assert tuple(stored) == ("2026-05-01", "import", "listed")
    assert await service.differing() == []
    assert report.batch is not None
    await imports.undo(report.batch)
    assert await state() == dict.fromkeys(await state(), 0)


def test_rows_are_arranged_in_runs_on_disk_as_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row(n, {"receipt": str(n * 7 % 10)}) for n in range(100)]
    whole = list(arranging.by_group(iter(rows), lambda r: r.values["receipt"]))
    monkeypatch.setattr(arranging, "RUN", 9)
    in_runs = list(arranging.by_group(iter(rows), lambda r: r.values["receipt"]))
    assert [r.line for r in whole] == [r.line for r in in_runs]
    assert [r.values["receipt"] for r in whole] == sorted(r.values["receipt"] or "" for r in rows)


RAW = """
CREATE TEMP TABLE raw (line int, receipt text, sku text, item text, quantity numeric, at timestamp, price numeric,
                       customer text)
"""

EXPECTED = """
WITH line AS (
    SELECT *, round(quantity * price, 2) AS amount FROM raw
), receipt AS (
    SELECT receipt, max(customer) AS customer, min(at) AS at, sum(amount) AS amount, bool_or(quantity < 0) AS back
    FROM line GROUP BY receipt
)
SELECT (SELECT sum(quantity * price) FROM raw) AS exact,
       (SELECT sum(amount) FROM line) AS rounded,
       (SELECT count(*) FROM receipt) AS receipts,
       (SELECT count(*) FROM receipt WHERE receipt LIKE 'C%') AS cancellations,
       (SELECT count(DISTINCT customer) FROM raw) AS customers,
       (SELECT count(*) FROM raw WHERE customer IS NULL) AS lines_of_nobody,
       (SELECT count(*) FROM receipt WHERE NOT back) AS purchases,
       (SELECT count(*) FROM receipt WHERE back) AS returns,
       (SELECT sum(floor(amount)) FROM receipt WHERE NOT back AND customer IS NOT NULL) AS points,
       (SELECT count(DISTINCT (customer, at::date)) FROM receipt WHERE NOT back AND customer IS NOT NULL) AS visits
"""

IMPORTED = """
SELECT (SELECT sum(amount) FROM purchase)::numeric / 100 - (SELECT sum(amount) FROM purchase_return)::numeric / 100
           AS rounded,
       (SELECT count(*) FROM purchase) + (SELECT count(*) FROM purchase_return) AS receipts,
       (SELECT count(*) FROM purchase_return WHERE external_id LIKE 'C%') AS cancellations,
       (SELECT count(*) FROM member) AS customers,
       (SELECT count(*) FROM purchase_line l JOIN purchase p ON p.id = l.purchase WHERE p.member IS NULL)
         + (SELECT count(*) FROM purchase_return_line l JOIN purchase_return r ON r.id = l.purchase_return
            WHERE r.member IS NULL) AS lines_of_nobody,
       (SELECT count(*) FROM purchase) AS purchases,
       (SELECT count(*) FROM purchase_return) AS returns,
       (SELECT sum(amount) FROM entry) AS points,
       (SELECT count(*) FROM visit) AS visits
"""

BY_CUSTOMER = """
WITH receipt AS (
    SELECT receipt, max(customer) AS customer, sum(round(quantity * price, 2)) AS amount, bool_or(quantity < 0) AS back
    FROM raw WHERE customer IS NOT NULL GROUP BY receipt
)
SELECT customer, (sum(amount) * 100)::bigint AS spent, count(*) FILTER (WHERE NOT back) AS purchases,
       coalesce(sum(floor(amount)) FILTER (WHERE NOT back), 0)::bigint AS points
FROM receipt GROUP BY customer ORDER BY customer
"""

STORED = """
SELECT m.id, s.spent, s.purchases, coalesce((SELECT sum(e.amount) FROM entry e JOIN account a ON a.id = e.account
                                            WHERE a.member = m.id), 0)::bigint AS points
FROM member m JOIN member_stats s ON s.member = m.id
"""


async def read_raw(path: Path) -> None:
    """The file as it is, for counting without Tessera."""
    await execute(RAW)
    with open_table(path) as table:
        cells = [(r.line, *r.values.values()) for r in table.rows()]
    await copy_records(
        "raw",
        [
            (line, no, sku, item, Decimal(q), datetime.fromisoformat(at), Decimal(price), customer)
            for line, no, sku, item, q, at, price, customer, _country in cells
        ],
        ("line", "receipt", "sku", "item", "quantity", "at", "price", "customer"),
    )


async def test_real_receipts_add_up_to_what_sql_finds_in_the_file(business: None) -> None:
    path = real("receipts.xlsx")
    await set_business("Gift shop", "GBP", "Europe/London", "en")
    report = await import_purchases(path, earn=True)
    assert counts(report) == (40_000, 40_000, 0, 0)

    async def compare() -> tuple[dict[str, Any], dict[str, Any]]:
        await read_raw(path)
        expected, imported = dict(await fetchrow(EXPECTED)), dict(await fetchrow(IMPORTED))
        assert expected.pop("exact") == Decimal("706922.421")
        assert {n: expected[n] for n in ("rounded", "receipts", "cancellations", "customers", "lines_of_nobody")} == {
            "rounded": Decimal("706922.42"),
            "receipts": 13_199,
            "cancellations": 569,
            "customers": 3_621,
            "lines_of_nobody": 10_057,
        }
        stored = {r["id"]: (r["spent"], r["purchases"], r["points"]) for r in await fetch(STORED)}
        by_customer = await fetch(BY_CUSTOMER)
        ids = {r["customer"]: identities.external("receipts", r["customer"]) for r in by_customer}
        found = await identities.holders(ids.values())
        wanted = {
            found["external", ids[r["customer"]].lookup]: (r["spent"], r["purchases"], r["points"]) for r in by_customer
        }
        assert stored == wanted
        await execute("DROP TABLE raw")
        return expected, imported

    expected, imported = await in_transaction(compare)
    assert imported == expected
    assert await points.verify() == []
    assert await service.differing() == []
