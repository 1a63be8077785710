"""What a member has bought of late: on average, and in the last days; exact from the purchases themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.purchases.facts import WINDOWS

_BOUGHT = """
SELECT w.days, count(p.id)::int AS purchases,
    coalesce(sum(p.amount - p.returned) FILTER (WHERE p.currency = $4), 0)::bigint AS spent
FROM unnest($2::int[], $3::timestamptz[]) AS w (days, since)
LEFT JOIN purchase p ON p.member = $1 AND p.at >= w.since
GROUP BY w.days ORDER BY w.days
"""


@dataclass(frozen=True)
class Window:
    """Purchases of the last ``days``, today included: how many, and what is left of them in minor units."""

    days: int
    purchases: int
    spent: int


async def windows(member: UUID) -> list[Window]:
    """A member's last 30, 90 and 365 days, by the business's zone and in its currency."""
    today, zone = business().today(), business().timezone
    since = [clock.midnight(today - timedelta(days=days - 1), zone) for days in WINDOWS]
    rows = await fetch(_BOUGHT, member, list(WINDOWS), since, business().currency)
    return [Window(**dict(row)) for row in rows]
