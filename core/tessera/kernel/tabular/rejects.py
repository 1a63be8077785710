"""What goes back to the stranger: the rejected rows with their reasons, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from tessera.kernel.texts import translate
from tessera_hooks import _

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"[+-]\d[\d,]*(\.\d+)?%?")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]").match


class Reject(msgspec.Struct, gc=False):
    """A row that was not taken: where it stands, why, and what it held."""

    line: int
    reason: str
    values: Mapping[str, str | None]


def neutralise(cell: str) -> str:
    """The cell as a spreadsheet shows it without running it: an apostrophe before what starts a formula.

    The characters are those of OWASP's page on CSV injection, and their full-width forms. Plain signed
    numbers (``-5``, ``+8613800000000``) stay, since they compute nothing. ``restored`` is the way back.
    """
    if (cell.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell)) or _NEUTRALISED(cell):
        return f"'{cell}"
    return cell


def restored(cell: str) -> str:
    """A cell as it was before ``neutralise``: a list that was exported comes back as it went."""
    return cell[1:] if _NEUTRALISED(cell) else cell


def write_rejects(path: Path, columns: Sequence[str], rejects: Iterable[Reject]) -> int:
    """Write the rejected rows as CSV that every spreadsheet opens (UTF-8 with a mark); return how many.

    The columns are those of the file, then its line and the reason, so that a corrected list can be
    imported again as it is.
    """
    line, reason = translate(_("Line in the file")), translate(_("Why it was rejected"))
    kept = [column for column in columns if column not in (line, reason)]
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutralise(name) for name in [*kept, line, reason]])
        for reject in rejects:
            cells = [neutralise(reject.values.get(column) or "") for column in kept]
            writer.writerow([*cells, reject.line, neutralise(translate(reject.reason))])
            count += 1
    return count
