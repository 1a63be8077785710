"""What moved in a shift by method, what of it must be there, and by how much a count differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.business import set_setting, setting
from tessera.kernel.database import fetch, fetchrow
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import to_minor
from tessera.purchases.service.checking import LARGEST
from tessera.purchases.service.methods import CASH, is_own
from tessera_hooks import _

NOTE_BEYOND = "shifts.note_beyond"
"""Setting: by how many whole units of currency a count may differ before a note is needed."""

DEFAULT_BEYOND = "5"


@dataclass(frozen=True)
class ShiftFacts:
    """A shift as it is shown; ``expected`` and ``counted`` by method once it has ended."""

    id: UUID
    store: UUID | None
    staff: UUID
    person: str
    has_left: bool
    currency: str
    opened_at: datetime
    opening: int
    closed_at: datetime | None
    closed_by: str | None
    expected: Mapping[str, int] | None
    counted: Mapping[str, int] | None
    note: str

    @property
    def difference(self) -> int | None:
        """Counted less expected over all methods; ``None`` while it is open."""
        if self.counted is None or self.expected is None:
            return None
        return sum(self.counted.values()) - sum(self.expected.values())


@dataclass(frozen=True)
class Figure:
    """What moved by one method and currency in a shift, in minor units; ``refunded`` is zero or more."""

    method: str
    currency: str
    opening: int = 0
    paid: int = 0
    refunded: int = 0
    taken: int = 0

    @property
    def expected(self) -> int:
        """What must be there."""
        return self.opening + self.paid - self.refunded + self.taken


_MOVED = """
SELECT method, currency, sum(paid)::bigint AS paid, sum(refunded)::bigint AS refunded, sum(taken)::bigint AS taken
FROM (
    SELECT y.method, p.currency, y.amount AS paid, 0 AS refunded, 0 AS taken
    FROM purchase p JOIN payment y ON y.purchase = p.id WHERE p.shift = $1
    UNION ALL
    SELECT f.method, r.currency, 0, f.amount, 0
    FROM purchase_return r JOIN refund f ON f.purchase_return = r.id WHERE r.shift = $1
    UNION ALL
    SELECT method, currency, 0, 0, amount FROM taking WHERE shift = $1
) moved GROUP BY method, currency ORDER BY method, currency
"""

_WITH_POINTS = """
SELECT coalesce(sum(points_paid), 0)::bigint AS by_points, count(*) AS sales,
    coalesce(sum(amount - points_paid - coalesce(
        (SELECT sum(y.amount) FROM payment y WHERE y.purchase = p.id), 0)), 0)::bigint AS unsaid
FROM purchase p WHERE p.shift = $1
"""


async def moved_in(shift: ShiftFacts) -> list[Figure]:
    """What moved in a shift by method, cash first with what was in the drawer."""
    rows = await fetch(_MOVED, shift.id)
    figures = {(CASH, shift.currency): Figure(CASH, shift.currency, shift.opening)}
    for row in rows:
        key = row["method"], row["currency"]
        opening = shift.opening if key == (CASH, shift.currency) else 0
        figures[key] = Figure(opening=opening, **dict(row))
    return list(figures.values())


@dataclass(frozen=True)
class Beside:
    """What is shown of a shift and not counted: points, and sales that do not say how they were paid."""

    by_points: int
    sales: int
    unsaid: int


async def beside(id_: UUID) -> Beside:
    """Sales of a shift, and what of them was not paid by a method."""
    return Beside(**dict(await fetchrow(_WITH_POINTS, id_)))


def to_count(shift: ShiftFacts, figures: Sequence[Figure]) -> dict[str, int]:
    """What is expected of each method that is counted: the business's own, in the store's currency."""
    return {f.method: f.expected for f in figures if is_own(f.method) and f.currency == shift.currency}


def note_beyond(currency: str) -> int:
    """The difference in minor units beyond which a note is needed."""
    try:
        units = Decimal(str(setting(NOTE_BEYOND, DEFAULT_BEYOND)))
    except InvalidOperation:
        units = Decimal(DEFAULT_BEYOND)
    return to_minor(units, currency)


async def set_note_beyond(units: str) -> None:
    """Change from which difference on a note is needed, in whole units of currency."""
    actor().needs("settings.write")
    try:
        value = Decimal(units.strip())
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= LARGEST:
        message = _("give an amount, zero or more")
        raise Invalid(message, [FieldError("beyond", message)])
    await set_setting(NOTE_BEYOND, str(value))


def differences(expected: Mapping[str, int], counted: Mapping[str, int]) -> dict[str, int]:
    """Counted less expected by method; what was not counted is not there."""
    return {m: counted.get(m, 0) - expected.get(m, 0) for m in sorted({*expected, *counted})}


def needs_note(expected: Mapping[str, int], counted: Mapping[str, int], currency: str) -> bool:
    """Whether a method differs by more than the setting allows."""
    return any(abs(d) > note_beyond(currency) for d in differences(expected, counted).values())
