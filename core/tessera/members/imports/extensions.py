"""Columns of a list of members that belong to rooms above: each takes its own and writes it in the chunk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera_hooks import Text


@dataclass(frozen=True, slots=True)
class MemberValue:
    """A value of a column for one member; ``store`` is the member's home store in this import."""

    line: int
    member: UUID
    store: UUID | None
    value: Any


@dataclass(frozen=True, kw_only=True)
class MemberColumn:
    """A column that a domain takes from lists of members.

    ``headers`` are the names by which it is recognised, in any case and spacing. ``parse`` makes the
    value of a cell and raises ``Unusable``. ``load`` writes the values of a chunk in its transaction and
    answers the lines that brought something new, by line with what was there before (as JSON) where an
    undo needs to know it. ``undo`` takes back what a batch has written.
    """

    field: str
    title: Text
    headers: Sequence[str]
    parse: Callable[[str], Any]
    load: Callable[[Sequence[MemberValue], UUID], Awaitable[set[int] | Mapping[int, Any]]]
    undo: Callable[[UUID], Awaitable[None]]


_columns: dict[str, MemberColumn] = {}
_providers: list[Callable[[], Iterable[MemberColumn]]] = []


def register_member_column(column: MemberColumn) -> None:
    """Take a column of lists of members, for a domain that members do not know."""
    _columns[column.field] = column


def register_member_columns(provide: Callable[[], Iterable[MemberColumn]]) -> None:
    """Take columns that come and go while Tessera runs; asked at each use."""
    if provide not in _providers:
        _providers.append(provide)


def member_columns() -> list[MemberColumn]:
    """All columns that domains take."""
    return [*_columns.values(), *(column for provide in _providers for column in provide())]
