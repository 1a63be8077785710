"""The process that reads one workbook under limits and writes its rows to standard output.

Run as ``python -m tessera.kernel.tabular.reader PATH SHEET LIMITS``; it holds no secret, opens no
other file, and may die: the library that reads workbooks aborts on hostile ones.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from tessera.kernel.tabular.inflation import Inflated, NotAcceptable, inflate
from tessera.kernel.tabular.messages import Batch, End, Head, Limits, Message, Refused

_BATCH_CELLS = 10_000


def main(arguments: list[str], out: BinaryIO) -> int:
    """Send the rows of one sheet, or the reason why there are none."""
    path, wanted, limits = arguments[0], arguments[1], msgspec.json.decode(arguments[2], type=Limits)
    confine(limits)
    try:
        inflated = inflate(path, limits)
        with CalamineWorkbook.from_path(path) as workbook:
            name, sheet = _sheet(workbook, wanted)
            for message in _messages(name, sheet, inflated, limits):
                _send(out, message)
        _send(out, End())
    except NotAcceptable as refusal:
        _send(out, Refused(refusal.reason, refusal.detail))
    except (CalamineError, OSError, ValueError):
        _send(out, Refused("damaged"))
    except MemoryError:
        _send(out, Refused("memory"))
    return 0


def confine(limits: Limits) -> None:
    """Give up what a reader does not need, as far as the system knows such limits."""
    if sys.platform == "win32":
        return
    import resource

    seconds = max(1, round(limits.seconds))
    wanted = (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    )
    for kind, amount in wanted:
        hard = resource.getrlimit(kind)[1]
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (ValueError, OSError):
            continue  # macOS knows RLIMIT_AS and refuses it; the asking side watches the memory


def cell_text(value: object) -> str | None:
    """A cell as text: whole numbers without a fraction, others as their shortest, dates as ISO 8601."""
    if value == "" or value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _sheet(workbook: CalamineWorkbook, wanted: str) -> tuple[str, CalamineSheet]:
    names = [meta.name for meta in workbook.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    if wanted:
        if wanted not in names:
            raise NotAcceptable("sheet", ", ".join(names))
        return wanted, workbook.get_sheet_by_name(wanted)
    visible = {meta.name for meta in workbook.sheets_metadata if meta.visible == SheetVisibleEnum.Visible}
    for name in [name for name in names if name in visible] or names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is not None:
            return name, sheet
    raise NotAcceptable("blank")


def _messages(name: str, sheet: CalamineSheet, inflated: Inflated, limits: Limits) -> Iterator[Message]:
    if sheet.end is None:
        raise NotAcceptable("blank")
    rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
    if rows > limits.rows:
        raise NotAcceptable("rows", str(rows))
    if rows * columns > limits.cells:
        raise NotAcceptable("cells", str(rows * columns))
    yield Head(name, rows)
    errors = inflated.errors(name)
    batch: list[tuple[int, list[str | None], str | None]] = []
    held = 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        error = errors.get(number)
        cells = [cell_text(value) for value in values]
        if error is None and not any(cell and not cell.isspace() for cell in cells):
            continue
        batch.append((number, cells, error))
        held += sum(1 + len(cell or "") // 64 for cell in cells)
        if held >= _BATCH_CELLS:
            yield Batch(batch)
            batch, held = [], 0
    yield Batch(batch)


def _send(out: BinaryIO, message: Message) -> None:
    body = msgspec.msgpack.encode(message)
    out.write(len(body).to_bytes(4, "big"))
    out.write(body)
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout.buffer))
