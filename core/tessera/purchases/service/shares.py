"""Amounts divided in whole parts that add up."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def shares(amount: int, weights: Sequence[int | Fraction]) -> list[int]:
    """An amount divided by weights, in whole parts that add up: the largest remainders get one more.

    Of equal remainders the first comes first. Where nothing weighs anything, nothing is divided.
    """
    total = sum(weights, start=Fraction(0))
    if not total:
        return [0 for _weight in weights]
    exact = [amount * Fraction(weight) / total for weight in weights]
    parts = [share.__floor__() for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts
