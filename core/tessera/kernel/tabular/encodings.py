"""In which encoding a text file from a stranger was written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from tessera.kernel.tabular.content import UnreadableFile, no_table
from tessera_hooks import _

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SUPERSETS = {"gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs", "utf-8": "utf-8-sig"}
_HEAD = 1 << 16
_SAMPLE = 1 << 17
_PIECE = 1 << 16
_DAMAGED = "�"


@dataclass(frozen=True)
class Encoded:
    """The codec of a text, and how many lines it has: quoted line breaks are counted, too."""

    codec: str
    lines: int

    @property
    def label(self) -> str:
        """The name that people know: ``utf-8``, ``gb18030``, ``big5``, ``utf-16``."""
        return {"utf-8-sig": "utf-8", "big5hkscs": "big5"}.get(self.codec, self.codec)


def encoding_of(path: Path, wanted: str = "auto") -> Encoded:
    """The encoding of the whole file: by its mark, else UTF-8, else the likelier of GB18030 and Big5.

    Judged on lines that hold other than ASCII, wherever they stand, because an export may be plain
    for its first megabytes. Raises ``UnreadableFile`` for an unknown name, for what is no text, and
    where no encoding fits.
    """
    head, sample, lines = _survey(path)
    codec = _named(wanted, path.name) if wanted != "auto" else _detected(head, sample)
    _refuse_binary(head.decode(codec or "latin-1", "replace"), path.name)
    if codec is None:
        sentence = _(
            "{name} is written in an encoding that cannot be told: save it as UTF-8, or name its encoding",
            name=path.name,
        )
        raise UnreadableFile(sentence)
    return Encoded(codec, lines)


def _survey(path: Path) -> tuple[bytes, bytes, int]:
    """The start of the file, a sample of lines that are not plain ASCII, and the number of lines."""
    kept: list[bytes] = []
    size = lines = 0
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(0)
        while piece := file.readline(_PIECE):
            lines += piece.endswith(b"\n")
            if size < _SAMPLE and not piece.isascii():
                kept.append(piece)
                size += len(piece)
    return head, b"".join(kept), lines + 1


def _named(wanted: str, name: str) -> str:
    try:
        codec = codecs.lookup(wanted)
    except LookupError:
        codec = None
    if codec is None or not getattr(codec, "_is_text_encoding", True):
        sentence = _(
            "{encoding} is no known encoding: name utf-8, gb18030, big5 or utf-16 for {name}",
            encoding=wanted,
            name=name,
        )
        raise UnreadableFile(sentence)
    return _SUPERSETS.get(codec.name, codec.name)


def _detected(head: bytes, sample: bytes) -> str | None:
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec
    if wide := _wide(head):
        return wide
    if not sample or _damage(sample, "utf-8") <= 0.02:
        return "utf-8-sig"
    likely = max(("gb18030", "big5hkscs"), key=lambda codec: _plausible(sample, codec))
    if _plausible(sample, likely) >= 0.5:
        return likely
    return _other(sample) or (likely if _plausible(sample, likely) >= 0.25 else None)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: its digits, commas and line ends have a zero in every second byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 < len(head) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _damage(sample: bytes, codec: str) -> float:
    text = sample.decode(codec, "replace")
    other = sum(1 for character in text if character > "\x7f")
    return text.count(_DAMAGED) / max(other, 1)


def _plausible(sample: bytes, codec: str) -> float:
    """The share of characters that are in daily use, less what does not decode at all.

    Both families put the everyday characters into their first plane, so that text read in the wrong
    one lands on rare characters about half of the time.
    """
    text = sample.decode(codec, "replace")
    other = [character for character in text if character > "\x7f"]
    daily = sum(1 for character in other if _daily(character, codec))
    return daily / max(len(other), 1) - 5 * _damage(sample, codec)


def _daily(character: str, codec: str) -> bool:
    if character in "，。、；：？！“”‘’（）《》【】¥￥·—…　" or "０" <= character <= "ｚ":
        return True
    try:
        code = character.encode("gb2312" if codec == "gb18030" else "big5")
    except UnicodeEncodeError:
        return False
    low, high = (0xB0, 0xD7) if codec == "gb18030" else (0xA4, 0xC6)
    return low <= code[0] <= high


def _other(sample: bytes) -> str | None:
    """The best guess outside the Chinese encodings; slow, so only where those two fail."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_exclusion=["gb18030", "gbk", "gb2312", "big5", "big5hkscs"]).best()
    return best.encoding if best is not None and best.chaos < 0.2 else None


def _refuse_binary(text: str, name: str) -> None:
    control = sum(1 for character in text if character < " " and character not in "\t\r\n\f\v\0\x1a")
    control += text.count("\x7f")
    if control * 100 > len(text) or text.count("\0") * 5 > len(text):
        raise no_table(name, _("a binary file"))
