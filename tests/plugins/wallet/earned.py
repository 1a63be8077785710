"""What money earns, what points pay and what returns undo, as plain arithmetic: what ``test_machine`` is held against.

It knows no tables and no rules but the shop's own three: a point for each yuan, one for each ten yuan of tea, and
seven for whatever earns at all. A tier multiplies the first two. Money is in fen, and a point pays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from uuid import UUID

THANKS = 7
"""Points for whatever earns at all."""


def brings(base: int, tea: Fraction, factor: Fraction) -> list[int]:
    """The points of each rule for so many fen, of which a share is for tea; nothing for nothing."""
    if base <= 0:
        return []
    by_amount = [floor(base * factor / 100), floor(base * tea * factor / 1000)]
    return [points for points in [*by_amount, THANKS] if points]


@dataclass(eq=False)
class Ahead:
    """A recharge: what of its money is left, and what it has earned by each rule."""

    id: UUID
    day: date
    paid: int
    earns: str
    left: int
    earned: Sequence[int]
    refunded: int = 0
    taken: int = 0

    def refund(self, amount: int) -> int:
        """Pay some of it out; answers the points that go with that, each rule rounded for itself."""
        self.left -= amount
        self.refunded += amount
        due = sum(floor(points * Fraction(self.refunded, self.paid)) for points in self.earned)
        now, self.taken = due - self.taken, due
        return now


@dataclass(eq=False)
class Part:
    """What a sale drew of a recharge, and what of that has not gone back."""

    of: Ahead
    left: int


@dataclass(eq=False)
class Sale:
    """A sale: how it was paid, from which recharges, what it earned, and what has come back of it."""

    id: UUID
    day: date
    amount: int
    points: int
    cash: int
    bonus: int
    principal: int
    drawn: Sequence[Part]
    earned: int
    held_out: Sequence[str] = ()
    returned: int = 0
    taken: int = 0
    restored: int = 0
    cash_back: int = 0
    value_back: int = 0
    bonus_back: int = 0
    over: bool = False

    @property
    def left(self) -> int:
        """What has not come back."""
        return self.amount - self.returned

    @property
    def counts(self) -> int:
        """What was spent by it and not given back; what points have paid was not."""
        return self.left * (self.amount - self.points) // self.amount if self.amount else 0

    def money_for(self, amount: int) -> int:
        """What goes back otherwise than as points where so much more comes back."""
        if not self.amount:
            return 0
        by_points = [fen * self.points // self.amount for fen in (self.returned, self.returned + amount)]
        return amount - by_points[1] + by_points[0]

    def come_back(self, amount: int, cash: int, value: int) -> tuple[int, int]:
        """Bring a part back; answers the points that are given back, and those that are taken back."""
        self.returned += amount
        self.cash_back += cash
        self._fill_up(value)
        self.over = not self.left
        share = Fraction(self.returned, self.amount) if self.amount else Fraction(1)
        restored, taken = floor(self.points * share), floor(self.earned * share)
        now = restored - self.restored, taken - self.taken
        self.restored, self.taken = restored, taken
        return now

    def _fill_up(self, value: int) -> None:
        """Bonus gets its share, rounded down over all returns; the rest goes to what was drawn on last, first."""
        if not value:
            return
        self.value_back += value
        bonus = self.bonus * self.value_back // (self.bonus + self.principal)
        rest, self.bonus_back = value - bonus + self.bonus_back, bonus
        for part in reversed(self.drawn):
            given = min(part.left, rest)
            part.left -= given
            part.of.left += given
            rest -= given
