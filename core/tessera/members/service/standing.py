"""What the room of tiers tells this one: which tiers there are and how they are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TierMark:
    """A tier as lists show it; ``carried`` is what members of it carry: nothing for the one they begin with."""

    code: str
    title: str
    tone: str
    carried: str | None


_readers: list[Callable[[], Sequence[TierMark]]] = []


def register_tiers(read: Callable[[], Sequence[TierMark]]) -> None:
    """Say which tiers there are; asked at each use, so from memory."""
    if read not in _readers:
        _readers.append(read)


def tier_marks() -> list[TierMark]:
    """All tiers in their order, the first one first."""
    return [mark for read in _readers for mark in read()]


def tier_code(carried: str | None) -> str | None:
    """The code of the tier that a member carries, of the first one for those who carry none."""
    mark = tier_mark(carried)
    return mark.code if mark is not None else carried


def tier_mark(carried: str | None) -> TierMark | None:
    """The tier that a member carries."""
    return next((mark for mark in tier_marks() if mark.carried == carried), None)
