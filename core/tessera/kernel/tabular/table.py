"""A table as its reader sees it: named columns, and rows with the line they came from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from tessera.kernel.tabular.content import UnreadableFile, content_of
from tessera.kernel.tabular.delimited import Delimited, Record
from tessera.kernel.tabular.messages import Limits
from tessera.kernel.tabular.workbook import Workbook
from tessera_hooks import Text, _

MOST_COLUMNS = 1000
LONGEST_NAME = 200
"""More is no list of people or things: whatever is done for each column would be done too often."""


class Row(msgspec.Struct, gc=False):
    """One row: its line in the file, its cells by column (``None`` where nothing stands).

    ``error`` says why the row cannot be trusted: more cells than columns, a damaged character, an
    error value of a formula. Such a row belongs to the rejects, never to silence.
    """

    line: int
    values: dict[str, str | None]
    error: Text | None = None


class Source(Protocol):
    """Where records come from; ``size`` and ``done`` are counted in ``unit``."""

    unit: str
    encoding: str | None
    size: int
    done: int

    def records(self) -> Iterator[Record]:
        """The records from the first, each time it is called."""
        ...


class Table:
    """An open table; close it, or use it in a ``with`` block, so that nothing stays behind."""

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self._source = source
        self._started: Iterator[Record] | None = source.records()
        self.columns, self.header_line = _header(name, self._started)

    @property
    def encoding(self) -> str | None:
        """The encoding of a text file (``utf-8``, ``gb18030`` …), ``None`` for a workbook."""
        return self._source.encoding

    @property
    def unit(self) -> str:
        """What ``size_hint`` and ``progress`` count: ``bytes`` or ``rows``."""
        return self._source.unit

    @property
    def size_hint(self) -> int:
        """How much there is to read."""
        return self._source.size

    @property
    def progress(self) -> int:
        """How much of ``size_hint`` the current reading has taken."""
        return self._source.done

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in flat memory; each call starts from the first.

        Raises ``UnreadableFile`` where the rest cannot be read.
        """
        records, self._started = self._started, None
        if records is None:
            records = self._source.records()
            next(records)
        columns = self.columns
        width = len(columns)
        for record in records:
            cells, error = record.cells, record.problem
            if len(cells) < width:
                cells.extend([None] * (width - len(cells)))
            elif error is None and any(cells[width:]):
                error = _("{cells} cells stand in {columns} columns", cells=len(cells), columns=width)
            yield Row(record.line, dict(zip(columns, cells, strict=False)), error)

    def close(self) -> None:
        """Let go of the file and of the process that reads it."""
        records, self._started = self._started, None
        if records is not None and hasattr(records, "close"):
            records.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(
    path: Path | str, *, encoding: str = "auto", sheet: str | None = None, limits: Limits | None = None
) -> Table:
    """Open a CSV or XLSX file, told apart by content.

    ``encoding`` overrides what is found in a text; ``sheet`` names a sheet of a workbook (the first
    that is visible and not empty otherwise). Blocking: call it and iterate ``rows()`` in a thread
    where an event loop runs. Raises ``UnreadableFile`` with one sentence that names the file.
    """
    path = Path(path)
    source: Source
    if content_of(path) == "xlsx":
        source = Workbook(path, sheet, limits or Limits())
    else:
        source = Delimited(path, encoding)
    return Table(path.name, source)


def _header(name: str, records: Iterator[Record]) -> tuple[list[str], int]:
    first = next(records, None)
    if first is None:
        raise UnreadableFile(_("{name} holds no rows: export the list again", name=name))
    if first.problem is not None:
        sentence = _("{name}, line {line}: {problem}", name=name, line=first.line, problem=first.problem)
        raise UnreadableFile(sentence)
    columns = [" ".join((cell or "").split()) for cell in first.cells]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > MOST_COLUMNS or any(len(column) > LONGEST_NAME for column in columns):
        sentence = _(
            "{name} has more than {most} columns, or names of more than {longest} characters in its first line: "
            "keep the columns that are needed, each with a short name",
            name=name,
            most=MOST_COLUMNS,
            longest=LONGEST_NAME,
        )
        raise UnreadableFile(sentence)
    columns = [column or f"column {place}" for place, column in enumerate(columns, start=1)]
    _refuse_twice(name, columns)
    return columns, first.line


def _refuse_twice(name: str, columns: list[str]) -> None:
    seen: dict[str, int] = {}
    for place, column in enumerate(columns, start=1):
        if column in seen:
            sentence = _(
                "{name} names two columns {column} (columns {first} and {second}): rename one",
                name=name,
                column=column,
                first=seen[column],
                second=place,
            )
            raise UnreadableFile(sentence)
        seen[column] = place
