"""What a file is, told by its bytes; what its name says is only held against that."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import Text, _


@dataclass(frozen=True)
class FileKind:
    """A kind of file that is taken."""

    media_type: str
    ending: str

    @property
    def is_picture(self) -> bool:
        """Whether it is decoded and drawn anew."""
        return self.media_type.startswith("image/")


JPEG, PNG, WEBP = (
    FileKind("image/jpeg", "jpg"),
    FileKind("image/png", "png"),
    FileKind("image/webp", "webp"),
)
PDF, TXT, CSV = FileKind("application/pdf", "pdf"), FileKind("text/plain", "txt"), FileKind("text/csv", "csv")
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, XLSX = (
    FileKind(f"{_OFFICE}wordprocessingml.document", "docx"),
    FileKind(f"{_OFFICE}spreadsheetml.sheet", "xlsx"),
)

TAKEN = (JPEG, PNG, WEBP, PDF, DOCX, XLSX, TXT, CSV)
"""All kinds that are taken."""

_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1", b"ftypmsf1", b"ftypheim", b"ftypheis")
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body", b"<!--")
_MOST_PARTS = 5000
_SNIFFED = 4096


class KindRefused(Invalid):
    """A file of a kind that is not taken, or that is not what its name says."""

    code = "file_kind_refused"


def kind_of(content: bytes, name: str) -> FileKind:
    """What a file is by its content; ``KindRefused`` where that is nothing that is taken.

    A name with another ending does not matter for pictures and documents, which are known by their first
    bytes; text has none, so there the ending must be ``txt`` or ``csv``, and nothing that a browser would
    take for a page is text.
    """
    head = content[:_SNIFFED]
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office(content)
    if head[4:12] in _HEIC:
        raise _refused(_("iPhones' HEIC pictures cannot be read here: send it as JPEG (Settings, Camera, Formats)"))
    return _text(content, head, name)


def _office(content: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _refused(_("this file is damaged: save it again")) from None
    macros = any(PurePath(name).name.lower() == "vbaproject.bin" for name in names)
    if len(names) <= _MOST_PARTS and not macros and "[Content_Types].xml" in names:
        for part, kind in _PARTS.items():
            if part in names:
                return kind
    raise _unknown()


def _text(content: bytes, head: bytes, name: str) -> FileKind:
    ending = PurePath(name).suffix.lower()
    if ending not in {".txt", ".csv"}:
        raise _unknown()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"\x00" in content or start.startswith(_MARKUP) or not _readable(content):
        raise _unknown()
    return CSV if ending == ".csv" else TXT


def _readable(content: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _unknown() -> KindRefused:
    endings = ", ".join(dict.fromkeys(kind.ending for kind in TAKEN))
    return _refused(_("files of this kind are not taken; these are: {endings}", endings=endings))


def _refused(message: Text) -> KindRefused:
    return KindRefused(message, [FieldError("file", message)])


def safe_name(name: str, kind: FileKind) -> str:
    """A name to keep a file under: no folders, nothing invisible, the ending of what it is."""
    stem = PurePath(name.replace("\\", "/")).name
    stem = "".join(c for c in stem if c.isprintable() and c not in '<>:"|?*/\\').strip(" .")
    ending = f".{kind.ending}"
    if stem.lower().endswith((ending, ".jpeg") if kind is JPEG else ending):
        stem = stem[: stem.rindex(".")]
    return f"{stem[:150] or 'file'}{ending}"
