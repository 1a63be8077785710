"""Reports as files: CSV or a workbook, no cell of which could be run as a formula."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.response import Stream

from tessera.access import audit
from tessera.kernel.errors import Invalid
from tessera.kernel.texts import translate
from tessera.members.service.lists import MEDIA_TYPES, csv_pieces, write_xlsx
from tessera_hooks import Text, _


@dataclass(frozen=True)
class Sheet:
    """A report as a table: its title, headings and cells."""

    title: Text | str
    columns: Sequence[Text | str]
    cells: Sequence[Sequence[Any]]

    @property
    def headings(self) -> list[str]:
        """The first row, in the language in force."""
        return [translate(column) for column in self.columns]

    @property
    def count(self) -> int:
        """How many rows follow."""
        return len(self.cells)

    async def rows(self) -> AsyncIterator[list[list[str]]]:
        """All rows at once: a report is short."""
        yield [
            [translate(c) if isinstance(c, Text) else "" if c is None else str(c) for c in row] for row in self.cells
        ]


async def sent(sheet: Sheet, name: str, kind: str) -> Response[Any]:
    """A report as a download, audited before its first byte goes out."""
    if kind not in MEDIA_TYPES:
        raise Invalid(_("choose CSV or XLSX"))
    await audit.note("reports.exported", rows=sheet.count, report=name)
    pieces = csv_pieces(sheet) if kind == "csv" else _workbook(sheet)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Stream(pieces, media_type=MEDIA_TYPES[kind], headers=headers)


async def _workbook(sheet: Sheet) -> AsyncIterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="tessera-report-") as folder:
        path = Path(folder) / "report.xlsx"
        await write_xlsx(sheet, path)
        yield path.read_bytes()
