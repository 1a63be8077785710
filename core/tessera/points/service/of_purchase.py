"""What one purchase did to a member's units: earned, paid, taken back, given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.kernel.database import fetch

_MOVES = """
SELECT unit, sum(amount) FILTER (WHERE amount > 0 AND kind = 'earn') AS earned,
       -sum(amount) FILTER (WHERE amount < 0 AND kind = 'debit') AS spent,
       -sum(amount) FILTER (WHERE kind = 'take_back') AS taken_back,
       sum(amount) FILTER (WHERE amount > 0 AND kind <> 'earn') AS restored,
       min(expires_at) FILTER (WHERE kind = 'earn') AS expires_at
FROM entry WHERE purchase = $1 AND kind <> 'transfer' GROUP BY unit ORDER BY unit <> 'points', unit
"""


@dataclass(frozen=True)
class Moved:
    """What happened to one unit; ``expires_at`` is when the first of what was earned is gone."""

    unit: str
    earned: int
    spent: int
    taken_back: int
    restored: int
    expires_at: datetime | None


async def moved_by(purchase: UUID) -> Sequence[Moved]:
    """What a purchase and its returns did to each unit, points first."""
    return [
        Moved(
            unit=row["unit"],
            earned=int(row["earned"] or 0),
            spent=int(row["spent"] or 0),
            taken_back=int(row["taken_back"] or 0),
            restored=int(row["restored"] or 0),
            expires_at=row["expires_at"],
        )
        for row in await fetch(_MOVES, purchase)
    ]
