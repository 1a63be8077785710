"""The values of a comparison as Python has them, by the type of their fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tessera_hooks import Compare, Param

OPERATORS: Mapping[str, frozenset[str]] = {
    "number": frozenset({"==", "!=", ">=", "<=", ">", "<", "in"}),
    "text": frozenset({"==", "!=", "in"}),
    "texts": frozenset({"has"}),
    "yes_no": frozenset({"==", "!="}),
    "date": frozenset({"==", "!=", ">=", "<=", ">", "<", "in"}),
    "moment": frozenset({">=", "<=", ">", "<"}),
}
"""What each type of fact can be asked: words have no order, a moment is never met exactly."""


def number(raw: object) -> Decimal:
    """An integer, or a decimal written as text; never a float, never yes or no."""
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise ValueError(raw)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ValueError(raw) from None
    if not value.is_finite() or abs(value.adjusted()) > 100:
        raise ValueError(raw)
    return value


def text(raw: object) -> str:
    """Words that the database can hold."""
    if not isinstance(raw, str) or "\x00" in raw:
        raise ValueError(raw)
    return raw


def yes_no(raw: object) -> bool:
    """True or false, not 1 or 0."""
    if not isinstance(raw, bool):
        raise ValueError(raw)
    return raw


def day(raw: object) -> date:
    """``2026-11-21``."""
    if not isinstance(raw, str) or len(raw) != 10:
        raise ValueError(raw)
    return date.fromisoformat(raw)


def moment(raw: object) -> datetime:
    """A time with its distance from UTC: ``2026-11-21T09:00:00+08:00``."""
    if not isinstance(raw, str):
        raise ValueError(raw)
    value = datetime.fromisoformat(raw)
    if value.tzinfo is None:
        raise ValueError(raw)
    return value


READERS: Mapping[str, Callable[[object], Any]] = {
    "number": number,
    "text": text,
    "texts": text,
    "yes_no": yes_no,
    "date": day,
    "moment": moment,
}


def comparand(compare: Compare, kind: str, parameters: Mapping[str, int]) -> Any:
    """What a fact of type ``kind`` is held against, in the type that the database and Python compare.

    A parameter stands for its number. ``ValueError`` where the value does not fit.
    """
    read = READERS[kind]
    raw: object = compare.value
    if isinstance(raw, Param):
        raw = parameters[raw.name]
    if compare.op == "in":
        if not isinstance(raw, list):
            raise ValueError(raw)
        return [read(part) for part in raw]
    return read(raw)
