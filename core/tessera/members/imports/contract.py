"""What an import is made of: the loader of one kind of rows, what became of each row, and the report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from tessera.kernel.tabular import Row
from tessera.members.imports.control import Total
from tessera_hooks import Text

Action = Literal["created", "updated", "unchanged", "rejected"]

CHUNK = 1000
"""Rows that are loaded in one transaction."""

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row.

    ``target`` is the row of the domain it went into; ``before`` what an undo needs to know, as JSON;
    ``reason`` why it was rejected, never repeating a value.
    """

    line: int
    action: Action
    target: UUID | None = None
    before: Mapping[str, Any] | None = None
    reason: Text | None = None


class Loader(Protocol[P]):
    """What one kind of import does with its rows.

    A loader that needs rows of one group together although they stand apart in the file has a method
    ``arrange(rows: Iterator[Row]) -> Iterator[Row]``, which gives the same rows in another order, the
    same one at each reading, in flat memory; see ``arranging.by_group``.
    """

    def open(self, columns: Sequence[str]) -> Sequence[Text]:
        """Decide what each column means, once; answers remarks for the report.

        Raises ``Invalid`` where the table cannot be imported at all.
        """
        ...

    def group(self, row: Row) -> Hashable | None:
        """What keeps neighbouring rows in one transaction, such as a receipt's number; ``None``: nothing."""
        ...

    def parse(self, rows: Sequence[Row]) -> P:
        """Make sense of the cells; runs in a thread, without the database."""
        ...

    async def load(self, parsed: P, batch: UUID) -> Sequence[Outcome]:
        """Write the rows and say what became of each; runs in the chunk's transaction, perhaps twice."""
        ...


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How to read a file and what to do with it; ``facts`` are the options of one kind of import.

    ``live`` makes the facts happen now instead of being history. ``rejects`` is where rejected rows go.
    """

    encoding: str = "auto"
    sheet: str | None = None
    dry_run: bool = False
    live: bool = False
    rejects: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def identity(self) -> dict[str, Any]:
        """What makes two runs over one file the same import."""
        return {"encoding": self.encoding, "sheet": self.sheet, "live": self.live, **self.facts}


@dataclass
class Report:
    """What an import did: the rows read are the sum of those created, updated, unchanged and rejected.

    ``alike`` are the pairs of members found who may be one person. ``first_rejects`` are a few of the
    rejected lines with their reasons, for a screen. ``totals`` are the control totals of what is added up.
    """

    kind: str
    file_name: str
    batch: UUID | None = None
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    alike: int = 0
    rejects: Path | None = None
    remarks: list[Text] = field(default_factory=list)
    first_rejects: list[tuple[int, Text]] = field(default_factory=list)
    resumed_at: int = 0
    dry_run: bool = False
    seconds: float = 0.0
    totals: list[Total] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as programs read it."""
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "alike": self.alike,
            "rejects": str(self.rejects) if self.rejects else None,
            "batch": str(self.batch) if self.batch else None,
            "dry_run": self.dry_run,
            "remarks": [str(remark) for remark in self.remarks],
            **({"totals": [total.as_json() for total in self.totals]} if self.totals else {}),
        }

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Add rows that were committed."""
        self.read += len(outcomes)
        for outcome in outcomes:
            setattr(self, outcome.action, getattr(self, outcome.action) + 1)


@dataclass(frozen=True)
class Step:
    """How far an import has come, after a chunk; ``done`` and ``total`` are counted in ``unit``."""

    done: int
    total: int
    unit: str
    report: Report


Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """A progress that shows nothing."""


@dataclass(frozen=True)
class Undone:
    """What an undo took back."""

    batch: UUID
    removed: int
    restored: int


Undo = Callable[[UUID], Awaitable[Undone]]
Guard = Callable[[UUID], Awaitable[Sequence[Text]]]
