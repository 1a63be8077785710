"""Control totals of an import: what stands in the file, what was booked, what was there, what was rejected."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tessera_hooks import Text


@dataclass(frozen=True)
class Counted:
    """One amount of one row: of what, how much in its smallest part, and what became of the row."""

    key: str
    amount: int | Decimal
    became: str
    member: UUID | None = None


@dataclass
class Total:
    """The sums of one unit or column; amounts as people write them, ``scale`` decimals behind the point."""

    key: str
    title: Text | str
    scale: int = 0
    in_file: Decimal = Decimal(0)
    booked: Decimal = Decimal(0)
    there: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    members: set[UUID] = field(default_factory=set)

    def add(self, counted: Counted) -> None:
        """Add one amount."""
        amount = Decimal(counted.amount).scaleb(-self.scale)
        self.in_file += amount
        if counted.became == "created":
            self.booked += amount
            if counted.member is not None:
                self.members.add(counted.member)
        elif counted.became == "rejected":
            self.rejected += amount
        else:
            self.there += amount

    def as_json(self) -> dict[str, Any]:
        """The sums as programs read them: decimals as strings."""
        sums = {name: f"{getattr(self, name):.{self.scale}f}" for name in ("in_file", "booked", "there", "rejected")}
        return {"of": self.key, "title": str(self.title), **sums, "members": len(self.members)}


class Control:
    """Adds up chunk by chunk. A chunk whose transaction is run again is counted once: as it was the last time."""

    def __init__(self) -> None:
        self._totals: dict[str, Total] = {}
        self._chunk: Hashable = None
        self._pending: list[Counted] = []

    def open(self, key: str, title: Text | str, scale: int = 0) -> None:
        """Begin a total; nothing happens where it was begun already."""
        self._totals.setdefault(key, Total(key, title, scale))

    def chunk(self, name: Hashable, counted: Iterable[Counted]) -> None:
        """What became of a chunk; another ``name`` means that the one before was committed."""
        if name != self._chunk:
            self._settle()
        self._chunk, self._pending = name, list(counted)

    def _settle(self) -> None:
        for counted in self._pending:
            self._totals[counted.key].add(counted)
        self._pending = []

    def totals(self) -> list[Total]:
        """All totals, once the import is over."""
        self._settle()
        return list(self._totals.values())
