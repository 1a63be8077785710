"""Putting the rows of a file in another order without holding them all: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterator
from typing import IO

import msgspec

from tessera.kernel.tabular import Row

RUN = 50_000
"""Rows that are sorted in memory at a time."""


class _Spooled(msgspec.Struct, array_like=True, gc=False):
    """A row on disk."""

    group: str
    line: int
    values: dict[str, str | None]


def by_group(rows: Iterator[Row], group: Callable[[Row], str | None]) -> Iterator[Row]:
    """The same rows with those of one group together, in the order of their lines within it.

    Rows that cannot be read or belong to no group come first, as they come.
    """
    runs: list[IO[bytes]] = []
    held: list[_Spooled] = []
    try:
        for row in rows:
            key = group(row) if row.error is None else None
            if key is None:
                yield row
                continue
            held.append(_Spooled(key, row.line, row.values))
            if len(held) >= RUN:
                runs.append(_spool(held))
                held = []
        held.sort(key=_order)
        for one in heapq.merge(*(_read(run) for run in runs), held, key=_order):
            yield Row(one.line, one.values)
    finally:
        for run in runs:
            run.close()


def _order(one: _Spooled) -> tuple[str, int]:
    return one.group, one.line


def _spool(held: list[_Spooled]) -> IO[bytes]:
    held.sort(key=_order)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever merges
    encoder = msgspec.msgpack.Encoder()
    for one in held:
        body = encoder.encode(one)
        file.write(len(body).to_bytes(4, "big") + body)
    file.seek(0)
    return file


def _read(file: IO[bytes]) -> Iterator[_Spooled]:
    decoder = msgspec.msgpack.Decoder(_Spooled)
    while head := file.read(4):
        yield decoder.decode(file.read(int.from_bytes(head, "big")))
