"""What the business owes: by unit, store and month, from the ledger alone.

A credit counts in the store that gave it, and whatever is taken from it counts there too, wherever it was spent. A
debt counts against the store that opened it. A month holds what was booked in it, in the business's zone, so that a
month that is over does not change; how old the rest is, is told by when it was credited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera.members.service import stores_seen
from tessera.points.service.paying import terms
from tessera.points.service.units import unit_titles
from tessera.points.units import POINTS, find_unit
from tessera_hooks import Text

_MOVES = """
WITH moves AS (
    SELECT c.unit, c.store, c.recorded_at AS at, c.kind, c.source, l.amount FROM lot l JOIN entry c ON c.id = l.entry
    UNION ALL
    SELECT e.unit, c.store, e.recorded_at, e.kind, e.source, -a.amount
    FROM allocation a JOIN entry e ON e.id = a.entry JOIN lot l ON l.id = a.lot JOIN entry c ON c.id = l.entry
    UNION ALL
    SELECT unit, store, recorded_at, kind, source, -debt_change FROM entry WHERE debt_change <> 0
), sorted AS (
    SELECT unit, store, at, amount, CASE
        WHEN kind IN ('earn', 'credit') THEN 'credited'
        WHEN kind = 'take_back' OR source LIKE '%refund%' THEN 'refunded'
        WHEN kind = 'debit' THEN 'spent'
        WHEN kind = 'expire' THEN 'expired'
        ELSE 'corrected' END AS part
    FROM moves WHERE at < $2
)
SELECT unit, store,
    coalesce(sum(amount) FILTER (WHERE at < $1), 0)::bigint AS opening,
    coalesce(sum(amount) FILTER (WHERE at >= $1 AND part = 'credited'), 0)::bigint AS credited,
    coalesce(sum(amount) FILTER (WHERE at >= $1 AND part = 'spent'), 0)::bigint AS spent,
    coalesce(sum(amount) FILTER (WHERE at >= $1 AND part = 'expired'), 0)::bigint AS expired,
    coalesce(sum(amount) FILTER (WHERE at >= $1 AND part = 'refunded'), 0)::bigint AS refunded,
    coalesce(sum(amount) FILTER (WHERE at >= $1 AND part = 'corrected'), 0)::bigint AS corrected,
    coalesce(sum(amount), 0)::bigint AS closing
FROM sorted WHERE $3::uuid[] IS NULL OR store = ANY($3) GROUP BY unit, store ORDER BY unit, store NULLS FIRST
"""

_OUTSTANDING = """
SELECT c.unit, c.store, date_trunc('month', c.at AT TIME ZONE $2)::date AS month, c.source_id,
    sum(l.amount - coalesce(taken.amount, 0))::bigint AS amount
FROM lot l JOIN entry c ON c.id = l.entry
LEFT JOIN LATERAL (SELECT sum(a.amount) AS amount FROM allocation a JOIN entry e ON e.id = a.entry
                   WHERE a.lot = l.id AND e.recorded_at < $1) taken ON true
WHERE c.recorded_at < $1 AND l.amount <> coalesce(taken.amount, 0) AND ($3::uuid[] IS NULL OR c.store = ANY($3))
GROUP BY 1, 2, 3, 4
"""

_OWED = """
SELECT unit, store, sum(debt_change)::bigint AS amount FROM entry
WHERE recorded_at < $1 AND debt_change <> 0 AND ($2::uuid[] IS NULL OR store = ANY($2))
GROUP BY unit, store HAVING sum(debt_change) <> 0
"""


@dataclass(frozen=True)
class Movement:
    """What moved in a unit and store in a month, in its smallest part; what lowers the balance is below zero.

    ``closing`` is the sum of all the others.
    """

    unit: str
    store: UUID | None
    opening: int
    credited: int
    spent: int
    expired: int
    refunded: int
    corrected: int
    closing: int


@dataclass(frozen=True)
class Outstanding:
    """What is left at the month's end of what a store credited in ``month`` (its first day).

    ``month`` is ``None`` for what members owe, which is below zero. ``value`` is what it is worth in minor units
    of ``currency``; ``None`` where nobody says.
    """

    unit: str
    store: UUID | None
    month: date | None
    amount: int
    value: Fraction | None
    currency: str


@dataclass(frozen=True)
class UnitTotal:
    """One unit of the report with its rows; ``value`` is the worth of all that is outstanding."""

    unit: str
    title: Text | str
    scale: int
    currency: str
    movements: Sequence[Movement]
    outstanding: Sequence[Outstanding]

    @property
    def total(self) -> Movement:
        """The sum over all stores."""
        names = ("opening", "credited", "spent", "expired", "refunded", "corrected", "closing")
        return Movement(self.unit, None, **{n: sum(getattr(m, n) for m in self.movements) for n in names})

    @property
    def value(self) -> int | None:
        """What is outstanding is worth in minor units, rounded half up once; ``None`` where nobody says."""
        known = [one.value for one in self.outstanding if one.value is not None]
        if not known and self.outstanding:
            return None
        return rounded(sum(known, Fraction(0)))


def rounded(value: Fraction) -> int:
    """A worth in whole minor units, half up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The first moment of a month in the business's zone, and the first after it."""
    zone = business().timezone
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return clock.midnight(month.replace(day=1), zone), clock.midnight(after, zone)


async def liability(month: date) -> list[UnitTotal]:
    """What is owed at the end of a month, and how that came about, in the stores that one may see."""
    since, until = month_bounds(month)
    seen = stores_seen("points.read")
    movements: dict[str, list[Movement]] = defaultdict(list)
    for row in await fetch(_MOVES, since, until, seen):
        movements[row["unit"]].append(Movement(**dict(row)))
    outstanding = await _outstanding(until, seen)
    titles = await unit_titles(movements)
    order = sorted(movements, key=lambda unit: (unit != POINTS, unit))
    return [_total(unit, titles[unit], movements[unit], outstanding.get(unit, [])) for unit in order]


def _total(
    unit: str, title: Text | str, movements: Sequence[Movement], outstanding: Sequence[Outstanding]
) -> UnitTotal:
    facts = find_unit(unit)
    scale = facts.scale if facts is not None else 0
    return UnitTotal(unit, title, scale, _currency_of(unit), movements, outstanding)


def _currency_of(unit: str) -> str:
    facts = find_unit(unit)
    return facts.currency if facts is not None and facts.currency is not None else business().currency


async def _outstanding(until: datetime, seen: Sequence[UUID] | None) -> dict[str, list[Outstanding]]:
    rows = await fetch(_OUTSTANDING, until, business().timezone, seen)
    credits_of: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        if row["source_id"] is not None:
            credits_of[row["unit"]].add(row["source_id"])
    worth = {unit: await _worth(unit, sorted(ids)) for unit, ids in credits_of.items()}
    sums: dict[tuple[str, UUID | None, date | None], tuple[int, Fraction | None]] = {}
    for row in rows:
        value = _value(row["unit"], row["amount"], worth.get(row["unit"], {}).get(row["source_id"]))
        _add(sums, (row["unit"], row["store"], row["month"]), row["amount"], value)
    for row in await fetch(_OWED, until, seen):
        _add(sums, (row["unit"], row["store"], None), -row["amount"], _value(row["unit"], -row["amount"], None))
    found: dict[str, list[Outstanding]] = defaultdict(list)
    for (unit, store, month), (amount, value) in sorted(sums.items(), key=lambda one: str(one[0])):
        found[unit].append(Outstanding(unit, store, month, amount, value, _currency_of(unit)))
    return found


def _add(
    sums: dict[tuple[str, UUID | None, date | None], tuple[int, Fraction | None]],
    key: tuple[str, UUID | None, date | None],
    amount: int,
    value: Fraction | None,
) -> None:
    before, worth = sums.get(key, (0, Fraction(0)))
    sums[key] = before + amount, None if worth is None or value is None else worth + value


async def _worth(unit: str, credited: Sequence[UUID]) -> Mapping[UUID, Fraction]:
    facts = find_unit(unit)
    if facts is None or facts.plugin == CORE:
        return {}
    name = unit.split(".", 2)[1]
    for declared in host().declared("units"):
        if declared.plugin == facts.plugin and declared.value.name == name and declared.value.worth is not None:
            told: Mapping[UUID, Fraction] = await declared.value.worth(credited)
            return told
    return {}


def _value(unit: str, amount: int, each: Fraction | None) -> Fraction | None:
    """The worth of an amount: money is its own, points what they pay, others what their plugin tells."""
    facts = find_unit(unit)
    if facts is None:
        return None
    if facts.currency is not None:
        return Fraction(amount)
    if unit == POINTS:
        return Fraction(amount * 10 ** minor_digits(business().currency), terms(business().currency).per_unit)
    return None if each is None else each * Fraction(amount, 10**facts.scale)


def as_table(totals: Sequence[UnitTotal], store_name: Any) -> list[list[Any]]:
    """The movements as rows for a spreadsheet: amounts as people write them."""
    rows: list[list[Any]] = []
    for one in totals:
        for m in one.movements:
            sums = (m.opening, m.credited, m.spent, m.expired, m.refunded, m.corrected, m.closing)
            rows.append([one.title, one.unit, store_name(m.store), *(shown(s, one.scale) for s in sums)])
    return rows


def shown(amount: int, scale: int) -> str:
    """An amount in the unit's smallest part with its decimals."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}"
