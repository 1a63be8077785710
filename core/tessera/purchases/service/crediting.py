"""Whose sale a line is: by shares that add up to the line's part of what was owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from tessera.kernel.database import execute, fetch
from tessera.kernel.ids import uuid7
from tessera.purchases.rows import LineRow
from tessera.purchases.service.contract import NewLine
from tessera.purchases.service.shares import shares

_WRITE = """
INSERT INTO line_credit (id, line, staff, share, amount)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::numeric[], $5::bigint[])
"""


_OF = """
WITH part AS (
    SELECT c.staff, c.amount FROM line_credit c JOIN purchase_line l ON l.id = c.line WHERE l.purchase = $1
), whose AS (
    SELECT staff, amount FROM part
    UNION ALL
    SELECT p.staff, p.amount - coalesce((SELECT sum(amount) FROM part), 0) FROM purchase p WHERE p.id = $1
)
SELECT s.name, sum(w.amount)::bigint AS amount FROM whose w JOIN staff s ON s.id = w.staff
WHERE w.amount > 0 GROUP BY s.id, s.name ORDER BY 2 DESC, 1
"""


async def credit_staff(
    given: Sequence[NewLine], lines: Sequence[LineRow], amount: int, staff: Mapping[str, UUID]
) -> None:
    """Write whose sale each line is, where the till says so.

    A discount on the whole receipt is spread over its lines in proportion; the parts of the lines add up
    to the amount and those of the people to their line's, the largest remainders first. What no line
    gives to anybody is the sale of whoever sold the receipt, and needs no row.
    """
    rows = []
    for new, line, part in zip(given, lines, line_parts([line.amount for line in lines], amount), strict=True):
        weights: dict[UUID, Fraction] = {}
        for one in new.staff:
            weights[staff[one.login]] = weights.get(staff[one.login], Fraction(0)) + Fraction(one.share)
        divided = shares(part, list(weights.values()))
        total = sum(weights.values())
        for (who, weight), credit in zip(weights.items(), divided, strict=True):
            rows.append((uuid7(), line.id, who, _decimal(weight / total), credit))
    if rows:
        await execute(_WRITE, *[list(column) for column in zip(*rows, strict=True)])


@dataclass(frozen=True)
class Credit:
    """Whose sale a part of a purchase is, in minor units."""

    name: str
    amount: int


async def credits_of(purchase: UUID) -> list[Credit]:
    """Whose sale a purchase is: by lines where they say so, and the rest is whoever's who sold the receipt."""
    return [Credit(row["name"], row["amount"]) for row in await fetch(_OF, purchase)]


def line_parts(amounts: Sequence[int], owed: int) -> list[int]:
    """What was owed, by line: in proportion to what each line costs, and equally where none costs anything."""
    return shares(owed, amounts if any(amounts) else [1 for _amount in amounts])


def _decimal(share: Fraction) -> str:
    return f"{float(share):.6f}"
