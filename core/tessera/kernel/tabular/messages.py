"""What the process that reads a workbook tells the one that asked, and the limits it was given."""

from __future__ import annotations

import msgspec

LARGEST_MESSAGE = 64 << 20


class Limits(msgspec.Struct, frozen=True):
    """What a workbook may cost: its own computing time, address space, rows, cells, inflated bytes.

    A million rows of 14 columns take 14 s, 1.4 GB and 0.9 GB inflated; a sheet cannot have more rows.
    """

    seconds: float = 120.0
    memory: int = 2 << 30
    rows: int = 1_048_576
    cells: int = 30_000_000
    inflated: int = 2 << 30


class Head(msgspec.Struct, tag="head"):
    """The sheet is loaded: how many rows follow."""

    sheet: str
    rows: int


class Batch(msgspec.Struct, tag="rows"):
    """Rows that are not blank: number, cells as text, and the first cell that holds an error value."""

    rows: list[tuple[int, list[str | None], str | None]]


class Refused(msgspec.Struct, tag="refused"):
    """Why there will be no rows, by a name that the asking side knows, with a detail to show."""

    reason: str
    detail: str = ""


class End(msgspec.Struct, tag="end"):
    """Everything was sent; a stream without it is a process that died."""


Message = Head | Batch | Refused | End
