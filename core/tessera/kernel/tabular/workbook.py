"""Records of an XLSX workbook, read by a process of its own that may die without harm."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import psutil

from tessera.kernel.tabular.content import UnreadableFile
from tessera.kernel.tabular.delimited import Record
from tessera.kernel.tabular.messages import LARGEST_MESSAGE, End, Head, Limits, Message, Refused
from tessera_hooks import Text, _

_WATCHED_EVERY = 0.25
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "LANG", "LC_ALL")
_LEAST_MEMORY = 384 << 20
_decode: Callable[[bytes], Message] = msgspec.msgpack.Decoder(Message).decode


class Workbook:
    """An XLSX file; ``size`` and ``done`` are rows of the sheet."""

    unit = "rows"
    encoding: str | None = None

    def __init__(self, path: Path, sheet: str | None, limits: Limits) -> None:
        self.path = path
        self.sheet = sheet
        self.size = 0
        self.done = 0
        self._limits = msgspec.structs.replace(limits, memory=_affordable(limits.memory))

    def records(self) -> Iterator[Record]:
        """Every row that is not blank, with its row number.

        Starts the process; ending the iteration ends it. Raises ``UnreadableFile`` for a file that is
        damaged, hostile or beyond the limits.
        """
        process = _start(self.path, self.sheet, self._limits)
        arrivals: queue.Queue[bytes] = queue.Queue(maxsize=4)
        carrier = threading.Thread(target=_carry, args=(process.stdout, arrivals), daemon=True)
        carrier.start()
        try:
            yield from self._received(process, arrivals)
        finally:
            process.kill()
            while carrier.is_alive():
                _discard(arrivals)
                carrier.join(0.01)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _received(self, process: subprocess.Popen[bytes], arrivals: queue.Queue[bytes]) -> Iterator[Record]:
        patience = self._limits.seconds
        while True:
            body, patience = self._next(process, arrivals, patience)
            try:
                message = _decode(body)
            except msgspec.MsgspecError:
                raise self._refusal("died") from None
            if isinstance(message, End):
                self.done = self.size
                return
            if isinstance(message, Refused):
                raise self._refusal(message.reason, message.detail)
            if isinstance(message, Head):
                self.size = message.rows
                continue
            for number, cells, error in message.rows:
                self.done = number
                yield Record(number, list(cells), _formula_error(error))

    def _next(
        self, process: subprocess.Popen[bytes], arrivals: queue.Queue[bytes], patience: float
    ) -> tuple[bytes, float]:
        """The next message, and the patience left: only time spent waiting for the process counts."""
        while True:
            since = time.monotonic()
            try:
                wait = min(_WATCHED_EVERY, max(patience, 0.001))
                return arrivals.get(timeout=wait), patience - (time.monotonic() - since)
            except queue.Empty:
                patience -= time.monotonic() - since
            if patience <= 0:
                raise self._refusal("time")
            if _memory(process) > self._limits.memory:
                raise self._refusal("memory")

    def _refusal(self, reason: str, detail: str = "") -> UnreadableFile:
        source = _REFUSALS.get(reason, _REFUSALS["died"])
        values = {
            "name": self.path.name,
            "sheet": self.sheet or "",
            "detail": detail[:200],
            "seconds": round(self._limits.seconds),
            "megabytes": self._limits.inflated >> 20,
            "rows": self._limits.rows,
        }
        used = {key: value for key, value in values.items() if f"{{{key}}}" in source}
        return UnreadableFile(Text(source, **used), reason=reason)


_REFUSALS: dict[str, Text] = {
    "kind": _("{name} is an archive, but no Excel workbook: save the list as .xlsx or CSV"),
    "damaged": _("{name} is damaged: open it in a spreadsheet and save it again as .xlsx or CSV"),
    "blank": _("{name} holds no rows: export the list again"),
    "sheet": _("{name} has no sheet {sheet}: it has {detail}"),
    "rows": _("{name} has more than {rows} rows: split it, or save it as CSV, which may be of any length"),
    "cells": _("{name} spans {detail} cells, most of them empty: copy the list into a new workbook, or save it as CSV"),
    "inflated": _("{name} expands to more than {megabytes} MB: save it as CSV, which may be of any length"),
    "time": _("{name} takes longer than {seconds} seconds to read: save it as CSV, which is read at once"),
    "memory": _("{name} needs more memory than there is: save it as CSV, which is read row by row"),
    "died": _(
        "{name} cannot be read: it is damaged, or has cells far outside the list; "
        "copy the list into a new workbook, or save it as CSV"
    ),
}


def _start(path: Path, sheet: str | None, limits: Limits) -> subprocess.Popen[bytes]:
    """Start the reader without this process's secrets, and with its import path."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    environment["PYTHONIOENCODING"] = "utf-8"
    words = [str(path.absolute()), sheet or "", msgspec.json.encode(limits).decode()]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tessera.kernel.tabular.reader", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _carry(stream: IO[bytes], arrivals: queue.Queue[bytes]) -> None:
    """Carry messages from the pipe; an empty one says that the process is gone."""
    while len(size := stream.read(4)) == 4:
        length = int.from_bytes(size, "big")
        body = stream.read(length) if length <= LARGEST_MESSAGE else b""
        if not body or len(body) < length:
            break
        arrivals.put(body)
    arrivals.put(b"")


def _discard(arrivals: queue.Queue[bytes]) -> None:
    while not arrivals.empty():
        arrivals.get_nowait()


def _memory(process: subprocess.Popen[bytes]) -> int:
    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.Error:
        return 0


def _affordable(wanted: int) -> int:
    """No more memory than wanted, and no more than two thirds of what the machine has free."""
    return min(wanted, max(_LEAST_MEMORY, int(psutil.virtual_memory().available * 2 / 3)))


def _formula_error(cell: str | None) -> Text | None:
    if cell is None:
        return None
    return _("cell {cell} holds an error value such as #N/A: correct the formula or empty the cell", cell=cell)
