"""An export as a file: CSV as it is read, or a workbook written to disk; nothing is held that was written."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from tessera.kernel.errors import Invalid
from tessera.kernel.tabular import neutralise
from tessera.kernel.texts import translate
from tessera_hooks import Text, _

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}

MOST_ROWS = 1_048_575
"""Rows that a sheet of a workbook has below its heading."""

Told = Callable[[int], None]


class Listing(Protocol):
    """A list about to go out: its title and headings, how many rows, and the rows some at a time."""

    @property
    def title(self) -> Text | str:
        """What the list is called."""
        ...

    @property
    def headings(self) -> list[str]:
        """The first row."""
        ...

    @property
    def count(self) -> int:
        """How many rows follow."""
        ...

    def rows(self) -> AsyncIterator[list[list[str]]]:
        """The rows, some at a time."""
        ...


def silent(_rows: int) -> None:
    """A progress that shows nothing."""


async def csv_pieces(export: Listing, told: Told = silent) -> AsyncIterator[bytes]:
    """The list as CSV that every spreadsheet opens: UTF-8 with a mark, no cell that could be run as a formula."""
    yield _lines([export.headings]).encode("utf-8-sig")
    done = 0
    async for rows in export.rows():
        yield _lines(rows).encode()
        done += len(rows)
        told(done)


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([neutralise(cell) for cell in row] for row in rows)
    return text.getvalue()


async def write_csv(export: Listing, path: Path, told: Told = silent) -> None:
    """The list into a file."""
    with path.open("wb") as file:
        async for piece in csv_pieces(export, told):
            file.write(piece)


def refuse_too_long(export: Listing) -> None:
    """Refuse a workbook for more rows than a sheet has."""
    if export.count > MOST_ROWS:
        raise Invalid(
            _("a workbook has room for {most} rows and these are {count}: take them as CSV", most=MOST_ROWS,
              count=export.count)
        )  # fmt: skip


async def write_xlsx(export: Listing, path: Path, told: Told = silent) -> None:
    """The list as a workbook with one sheet; every cell is text, never a formula or a link."""
    refuse_too_long(export)
    import xlsxwriter  # only an export needs it

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(path), {**options, "tmpdir": str(path.parent)})
    sheet = book.add_worksheet(translate(export.title)[:31])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(export.headings) - 1, 18)
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(export.headings):
        sheet.write_string(0, column, neutralise(heading), bold)
    done = 0
    async for rows in export.rows():
        await asyncio.to_thread(_write, sheet, done + 1, rows)
        done += len(rows)
        told(done)
    await asyncio.to_thread(book.close)


def _write(sheet: Any, first: int, rows: Sequence[Sequence[str]]) -> None:
    for line, row in enumerate(rows[: max(MOST_ROWS + 1 - first, 0)], start=first):
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(line, column, neutralise(cell))


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
