"""A workbook inflated once before it is parsed: its true size, its rows, and its cells in error."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tessera.kernel.tabular.messages import Limits

_PIECE = 1 << 20
_MOST_PARTS = 20_000
_MOST_ERRORS = 100_000
_OVERLAP = 256
_ERROR_CELL = re.compile(rb"<c\b(?=[^>]*\bt=\"e\")[^>]*\br=\"([A-Z]{1,3})([0-9]{1,7})\"[^>]*>")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class NotAcceptable(Exception):
    """The workbook is refused; ``reason`` is a name of ``messages.Refused``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass
class Inflated:
    """What inflating showed: which part each sheet is, and its cells in error by row."""

    parts: dict[str, str] = field(default_factory=dict)
    in_error: dict[str, dict[int, str]] = field(default_factory=dict)

    def errors(self, sheet: str) -> dict[int, str]:
        """Row number to the first cell of that row which holds an error value, as ``E12``."""
        return self.in_error.get(self.parts.get(sheet, ""), {})


def inflate(path: str, limits: Limits) -> Inflated:
    """Inflate every part, piece by piece, holding none, and count.

    The declared sizes come first, since they cost nothing; then the real ones, since they may lie.
    Raises ``NotAcceptable``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_kind({entry.filename for entry in entries})
            if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > limits.inflated:
                raise NotAcceptable("inflated")
            found = Inflated(_sheet_parts(archive))
            left = limits.inflated
            for entry in entries:
                left = _inflate_part(archive, entry, left, limits, found)
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ElementTree.ParseError):
        raise NotAcceptable("damaged") from None


def _check_kind(names: set[str]) -> None:
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise NotAcceptable("kind")
    if any(name.startswith("xl/") and name.endswith("workbook.bin") for name in names):
        raise NotAcceptable("kind")


def _inflate_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, limits: Limits, found: Inflated) -> int:
    """Read one part to its end; the bytes that are still allowed after it."""
    is_sheet = entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml")
    errors: dict[int, str] = {}
    rows, tail = 0, b""
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            left -= len(piece)
            if left < 0:
                raise NotAcceptable("inflated")
            if is_sheet:
                rows += _rows(tail[-4:] + piece)
                if rows > limits.rows:
                    raise NotAcceptable("rows", str(rows))
                _note_errors(tail + piece, errors)
                tail = piece[-_OVERLAP:]
    if errors:
        found.in_error[entry.filename] = errors
    return left


def _rows(piece: bytes) -> int:
    return piece.count(b"<row ") + piece.count(b"<row>")


def _note_errors(piece: bytes, errors: dict[int, str]) -> None:
    if b't="e"' not in piece:
        return
    for column, row in _ERROR_CELL.findall(piece):
        if len(errors) < _MOST_ERRORS:
            errors.setdefault(int(row), (column + row).decode())


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Which part holds each sheet, as far as the workbook says so in the usual places."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  this process is confined
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    parts: dict[str, str] = {}
    for sheet in book.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        parts[sheet.get("name", "")] = part
    return parts
