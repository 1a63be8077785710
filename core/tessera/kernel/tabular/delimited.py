"""Records of a CSV file: any usual encoding and delimiter, one record at a time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tessera.kernel.tabular.content import UnreadableFile
from tessera.kernel.tabular.encodings import encoding_of
from tessera_hooks import Text, _

_DELIMITERS = (",", "\t", ";", "|")
_SNIFFED = 1 << 16
_LONGEST_LINE = 1 << 20


class Record(msgspec.Struct, gc=False):
    """One record as it stands: the line it starts on, its cells, and what is wrong with it."""

    line: int
    cells: list[str | None]
    problem: Text | None = None


class Delimited:
    """A CSV file; ``size`` and ``done`` are bytes."""

    unit = "bytes"

    def __init__(self, path: Path, encoding: str = "auto") -> None:
        encoded = encoding_of(path, encoding)
        self.path = path
        self.codec = encoded.codec
        self.encoding: str | None = encoded.label
        self.lines = encoded.lines
        self.size = path.stat().st_size
        self.done = 0
        self._sniff()

    def records(self) -> Iterator[Record]:
        """Every record that is not blank, with the physical line on which it starts.

        A character that does not decode, and a quotation mark that is never closed, are told on their
        record. Raises ``UnreadableFile`` for a cell or line so long that it cannot be a table's.
        """
        with self.path.open("rb") as raw, _text(raw, self.codec) as text:
            lines = _Lines(text, self.path.name)
            reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaced)
            if self._directive:
                next(reader, None)
            while True:
                start = reader.line_num + 1
                lines.restart()
                try:
                    cells = next(reader, None)
                except csv.Error:
                    raise self._runaway(start) from None
                if cells is None:
                    self.done = self.size
                    return
                self.done = raw.tell()
                problem = lines.problem(start, reader.line_num)
                if problem is not None or "".join(cells).strip():
                    yield Record(start, [cell or None for cell in cells], problem)

    def _sniff(self) -> None:
        with self.path.open("rb") as raw, _text(raw, self.codec) as start:
            text = start.read(_SNIFFED)
        lines = text.replace("\0", "").splitlines(keepends=True)
        if len(text) == _SNIFFED:
            lines = lines[:-1] or lines
        self._directive = bool(lines) and lines[0].strip().lower()[:4] == "sep=" and len(lines[0].strip()) == 5
        if self._directive:
            self.delimiter = lines.pop(0).strip()[4]
        else:
            self.delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))
        header = next((line for line in lines if line.strip()), "")
        self.spaced = self.delimiter != "\t" and f"{self.delimiter} " in header and _all_spaced(header, self.delimiter)

    def _runaway(self, line: int) -> UnreadableFile:
        sentence = _(
            "{name}, line {line}: a cell is longer than {limit} characters; "
            "probably a quotation mark is never closed: correct that line",
            name=self.path.name,
            line=line,
            limit=csv.field_size_limit(),
        )
        return UnreadableFile(sentence)


def _text(raw: io.BufferedReader, codec: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, codec, errors="replace", newline="")


class _Lines:
    """The physical lines of a text without zero characters, bounded in length, watched for damage."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self._text = text
        self._name = name
        self._number = 0
        self._quotes = 0
        self._damaged = False
        self._ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_LINE)
        if not line:
            self._ended = True
            raise StopIteration
        self._number += 1
        if len(line) == _LONGEST_LINE:
            sentence = _(
                "{name}, line {line} is longer than a table's line can be: export the list as CSV again",
                name=self._name,
                line=self._number,
            )
            raise UnreadableFile(sentence)
        if "\0" in line:
            line = line.replace("\0", "")
        if "�" in line:
            self._damaged = True
        self._quotes += line.count('"')
        return line

    def restart(self) -> None:
        """A new record begins."""
        self._quotes = 0
        self._damaged = False

    def problem(self, first: int, last: int) -> Text | None:
        """What is wrong with the record on lines ``first`` to ``last``, if anything."""
        if self._damaged:
            return _("a character is damaged: save the file as UTF-8 from its program again")
        if self._ended and last > first and self._quotes % 2:
            return _("a quotation mark opened in this record is never closed; it runs to line {last}", last=last)
        return None


def _fit(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    """How well a delimiter explains the first lines: in columns at all, evenly, and in many."""
    widths: list[int] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            if cells:
                widths.append(len(cells))
            if len(widths) == 200:
                break
    except csv.Error:
        return False, 0.0, 0
    if not widths or widths[0] < 2:
        return False, 0.0, 0
    even = Counter(widths)[widths[0]] / len(widths)
    return True, round(even, 1), widths[0]


def _all_spaced(header: str, delimiter: str) -> bool:
    """Whether each name after the first follows a space, as in ``id, name, town``."""
    return all(name.startswith(" ") for name in header.split(delimiter)[1:])
