"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tessera.kernel.errors import Invalid
from tessera_hooks import Text, _

Content = Literal["text", "xlsx"]


class UnreadableFile(Invalid):
    """The file cannot be read as a table; the message names it and says what to do."""

    code = "unreadable_file"


_BINARY: tuple[tuple[bytes, Text], ...] = (
    (b"\x89PNG\r\n\x1a\n", _("a PNG picture")),
    (b"\xff\xd8\xff", _("a JPEG picture")),
    (b"GIF8", _("a GIF picture")),
    (b"BM", _("a bitmap picture")),
    (b"%PDF-", _("a PDF document")),
    (b"\x1f\x8b", _("a compressed archive")),
    (b"Rar!", _("a compressed archive")),
    (b"7z\xbc\xaf\x27\x1c", _("a compressed archive")),
    (b"SQLite format 3\0", _("a database")),
    (b"\x7fELF", _("a program")),
    (b"MZ\x90", _("a program")),
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = (b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<?xml")
_HEAD = 4096


def content_of(path: Path) -> Content:
    """Say whether ``path`` holds text or a workbook; refuse everything else with one sentence.

    Raises ``UnreadableFile`` for what is missing, empty, a folder, or of a kind that is no table.
    """
    head = _head(path)
    name = path.name
    if not head:
        raise UnreadableFile(_("{name} is empty: export the list again", name=name))
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(_OLD_EXCEL):
        sentence = _(
            "{name} is an old Excel file (.xls) or has a password: "
            "open it and save it as .xlsx without a password, or as CSV",
            name=name,
        )
        raise UnreadableFile(sentence)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        sentence = _(
            "{name} is a web page, not a table: open it in a spreadsheet and save it as .xlsx or CSV", name=name
        )
        raise UnreadableFile(sentence)
    for magic, kind in _BINARY:
        if head.startswith(magic) and not (magic == b"BM" and b"\0" not in head):
            raise no_table(name, kind)
    return "text"


def no_table(name: str, kind: Text) -> UnreadableFile:
    """The refusal of a file that is ``kind`` and no table."""
    return UnreadableFile(_("{name} is {kind}, not a table: export the list as CSV or XLSX", name=name, kind=kind))


def _head(path: Path) -> bytes:
    name = path.name
    try:
        if path.is_dir():
            raise UnreadableFile(_("{name} is a folder: name one CSV or XLSX file in it", name=name or str(path)))
        if path.exists() and not path.is_file():
            raise no_table(name, _("a device"))
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        raise UnreadableFile(_("{name} does not exist: check the path", name=str(path))) from None
    except PermissionError:
        raise UnreadableFile(_("{name} may not be read by this user: change its permissions", name=name)) from None
    except OSError as problem:
        sentence = _(
            "{name} cannot be read ({problem}): copy it to a local disk and try again",
            name=name,
            problem=problem.strerror or str(problem),
        )
        raise UnreadableFile(sentence) from None
