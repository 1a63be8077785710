"""The ledger once more, as plain arithmetic on lists: what the machine of ``test_machine`` is held against.

It knows no tables, no locks and no jobs. What has expired is not counted from that moment on; nothing is booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor


@dataclass(eq=False)
class Lot:
    """What one credit brought: ``gone`` had expired before the lot was given a later end."""

    place: int
    remaining: int
    opens: datetime
    expires: datetime | None
    gone: int = 0
    borrowed: int = 0

    def over(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    def order(self) -> tuple[bool, datetime, datetime, int]:
        return self.expires is None, self.expires or self.opens, self.opens, self.place


@dataclass(eq=False)
class Spent:
    """A debit: from which lots, what is not taken back of it."""

    parts: list[tuple[Lot, int]]
    left: int


@dataclass(eq=False)
class Given:
    """A credit, and how much of it has been taken back."""

    lot: Lot
    amount: int
    settled: int = 0


@dataclass
class Purse:
    """What one member has of one unit."""

    floor: int = 0
    restore_days: int = 0
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    enjoyed: int = 0

    def open(self, now: datetime) -> list[Lot]:
        found = [lot for lot in self.lots if lot.opens <= now and not lot.over(now) and lot.remaining]
        return sorted(found, key=Lot.order)

    def live(self, now: datetime) -> list[Lot]:
        return sorted((lot for lot in self.lots if not lot.over(now) and lot.remaining), key=Lot.order)

    def available(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.open(now)) - self.debt

    def pending(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.opens > now and not lot.over(now))

    def affordable(self, now: datetime) -> int:
        borrowed = sum(lot.borrowed for lot in self.lots if lot.opens > now) if self.floor else 0
        return self.available(now) - min(self.floor + borrowed, 0)

    def credit(self, amount: int, opens: datetime, expires: datetime | None) -> Given:
        paid = min(self.debt, amount)
        self.debt -= paid
        lot = Lot(len(self.lots), amount - paid, opens, expires, borrowed=paid)
        self.lots.append(lot)
        return Given(lot, amount)

    def debit(self, amount: int, now: datetime) -> Spent:
        parts, rest = _take(self.open(now), amount)
        more, rest = _take([lot for lot in self.live(now) if lot.opens > now], rest)
        for lot, part in [*parts, *more]:
            lot.borrowed += part
        self.debt += rest
        self.enjoyed += amount
        return Spent([*parts, *more], amount)

    def take_back(self, given: Given, amount: int, now: datetime) -> None:
        """What is left of the lot, then what had expired of it, then other lots, then a debt for what was enjoyed."""
        given.settled += amount
        _parts, rest = _take([given.lot], amount)
        forgiven = min(rest, given.lot.gone)
        given.lot.gone -= forgiven
        _more, rest = _take([lot for lot in self.live(now) if lot is not given.lot], rest - forgiven)
        self.debt += min(rest, max(self.enjoyed - self.debt, 0))

    def give_back(self, spent: Spent, amount: int, now: datetime, until: datetime, anew: datetime | None) -> None:
        """Debt first; then the lots, the last to expire first; what had expired as the policy says."""
        spent.left -= amount
        self.enjoyed -= amount
        back, left = list[tuple[Lot, int]](), amount
        for lot, part in sorted(spent.parts, key=lambda one: one[0].order(), reverse=True):
            back.insert(0, (lot, min(part, left)))
            left -= min(part, left)
        fresh, owed = left, min(self.debt, amount)
        self.debt -= owed
        less = min(owed, fresh)
        fresh, owed = fresh - less, owed - less
        for lot, part in back:
            kept = part - min(part, owed)
            owed -= part - kept
            self._restore(lot, kept, now, until)
            if kept:
                spent.parts = _without(spent.parts, lot, kept)
        if fresh:
            self.lots.append(Lot(len(self.lots), fresh, now, anew))

    def _restore(self, lot: Lot, part: int, now: datetime, until: datetime) -> None:
        if not part:
            return
        lot.borrowed -= part
        if lot.over(now) and self.restore_days:
            lot.gone, lot.remaining, lot.expires = lot.gone + lot.remaining, part, until
        else:
            lot.remaining += part


def due(given: Given, share: Fraction) -> int:
    """What a share of a credit asks for, less what earlier ones took."""
    return max(floor(given.amount * share) - given.settled, 0)


def _take(lots: Sequence[Lot], amount: int) -> tuple[list[tuple[Lot, int]], int]:
    taken: list[tuple[Lot, int]] = []
    for lot in lots:
        part = min(lot.remaining, amount)
        if part:
            lot.remaining -= part
            amount -= part
            taken.append((lot, part))
    return taken, amount


def _without(parts: Sequence[tuple[Lot, int]], lot: Lot, amount: int) -> list[tuple[Lot, int]]:
    left = [(one, part - amount if one is lot else part) for one, part in parts]
    return [(one, part) for one, part in left if part]


def days(number: int) -> timedelta:
    return timedelta(days=number)
