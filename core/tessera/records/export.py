"""Records as files for spreadsheets: the same columns as CSV and as a workbook."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera.access import audit
from tessera.access.service.stores import store_of
from tessera.kernel.tabular import neutralise
from tessera.kernel.texts import translate
from tessera.records import present, rows
from tessera.records.kinds import Kind
from tessera.records.rows import Entry
from tessera_hooks import Derived, Measure, _

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTH = 16
"""Characters that a column of the workbook is wide."""


def headings(kind: Kind) -> list[str]:
    """The first row: whom, when, each value with its unit, and where it comes from."""
    values = [_with_unit(kind, name) for name in kind.columns]
    own = [_("Member number"), _("Name"), _("Date")]
    return [*map(translate, own), *values, *map(translate, [_("Note"), _("Store"), _("Recorded by")])]


def _with_unit(kind: Kind, name: str) -> str:
    unit = present.unit_of(kind, name)
    return f"{translate(kind.label(name))} ({unit})" if unit else translate(kind.label(name))


def cells(entry: Entry) -> list[Any]:
    """One record as a row: numbers stay numbers, everything else is text or a day."""
    store = store_of(entry.store)
    return [
        entry.member_number,
        entry.member_name,
        entry.recorded_on,
        *(_cell(entry.kind, name, entry.values[name]) for name in entry.kind.columns),
        entry.note or "",
        store.code if store else "",
        entry.staff_name or "",
    ]


def _cell(kind: Kind, name: str, value: Any) -> Any:
    field: Any = kind.derived.get(name) or kind.fields[name]
    if isinstance(value, Decimal) and isinstance(field, Measure | Derived) and not present.is_masked(kind, name):
        return value.quantize(Decimal(1).scaleb(-field.decimals))
    if isinstance(value, date) and not present.is_masked(kind, name):
        return value
    return present.value_text(kind, name, value)


async def all_entries(kind: Kind, member: UUID | None) -> AsyncIterator[Entry]:
    """Everything that the list would show page by page, newest first."""
    cursor: str | None = None
    while True:
        page = await rows.page(kind, member=member, cursor=cursor, limit=rows.MOST)
        for entry in page.items:
            yield entry
        cursor = page.next
        if cursor is None:
            return


async def csv_file(kind: Kind, member: UUID | None = None) -> bytes:
    """CSV that every spreadsheet opens: UTF-8 with a mark, and no cell that could be run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([neutralise(heading) for heading in headings(kind)])
    count = 0
    async for entry in all_entries(kind, member):
        writer.writerow([neutralise(c) if isinstance(c, str) else c for c in cells(entry)])
        count += 1
    await _note(kind, member, count)
    return text.getvalue().encode("utf-8-sig")


async def _note(kind: Kind, member: UUID | None, count: int) -> None:
    await audit.note("records.exported", member=member, rows=count, fields=list(kind.columns), kind=kind.code)


async def xlsx_file(kind: Kind, member: UUID | None = None) -> bytes:
    """A workbook with one sheet; texts are written as texts, never as formulas or links."""
    table = [cells(entry) async for entry in all_entries(kind, member)]
    await _note(kind, member, len(table))
    return await asyncio.to_thread(_workbook, translate(kind.titles), headings(kind), table)


def _workbook(title: str, first: list[str], table: list[list[Any]]) -> bytes:
    content = io.BytesIO()
    import xlsxwriter  # only an export needs it

    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet = book.add_worksheet(_sheet_name(title))
    bold, days = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    for column, heading in enumerate(first):
        sheet.write_string(0, column, heading, bold)
    for line, row in enumerate(table, start=1):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(line, column, value, days)
            elif isinstance(value, Decimal):
                sheet.write_number(line, column, value)
            elif value not in ("", None):
                sheet.write_string(line, column, neutralise(str(value)))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(first) - 1, WIDTH)
    book.close()
    return content.getvalue()


def _sheet_name(title: str) -> str:
    """At most 31 characters, without those that workbooks forbid."""
    return "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Sheet"
