"""Shifts of the stores one sees: the latest first, and those that nobody has counted yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.service.leaving import Handover, Heir, Pile
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch, fetchval
from tessera.members.service import stores_seen
from tessera.purchases.service.shift_figures import ShiftFacts
from tessera.purchases.service.shifts import SHIFTS, facts_of
from tessera.tasks import service as tasks
from tessera_hooks import _

_LIST = f"""
{SHIFTS}
WHERE ($1::uuid[] IS NULL OR s.store = ANY($1)) AND ($2::uuid IS NULL OR s.store = $2)
  AND ($3::timestamptz IS NULL OR s.opened_at < $4 AND (s.closed_at IS NULL OR s.closed_at >= $3))
  AND ($5::uuid IS NULL OR s.id < $5) AND (s.closed_at IS NOT NULL OR NOT $7)
ORDER BY s.id DESC LIMIT $6
"""

_OPEN = f"""
{SHIFTS}
WHERE s.closed_at IS NULL AND ($1::uuid[] IS NULL OR s.store = ANY($1)) AND ($2::uuid IS NULL OR s.store = $2)
ORDER BY s.opened_at, s.id
"""


async def shifts(
    *,
    store: UUID | None = None,
    day: date | None = None,
    before: UUID | None = None,
    ended: bool = False,
    limit: int = 50,
) -> list[ShiftFacts]:
    """Shifts of the actor's stores, the latest first: of one store, of a day of its zone, only those that ended."""
    since = until = None
    if day is not None:
        place = access.store_of(store)
        zone = place.timezone if place else business().timezone
        since, until = clock.midnight(day, zone), clock.midnight(day + timedelta(days=1), zone)
    rows = await fetch(_LIST, stores_seen("purchases.read"), store, since, until, before, limit, ended)
    return [facts_of(row) for row in rows]


async def open_shifts(*, store: UUID | None = None) -> list[ShiftFacts]:
    """Shifts that nobody has ended, the oldest first: those of people who left too."""
    return [facts_of(row) for row in await fetch(_OPEN, stores_seen("purchases.read"), store)]


async def own_shifts() -> list[ShiftFacts]:
    """The open shifts of whoever acts, one a store."""
    rows = await fetch(f"{SHIFTS} WHERE s.staff = $1 AND s.closed_at IS NULL ORDER BY s.id", actor().staff_id)
    return [facts_of(row) for row in rows]


async def _piles(staff: UUID) -> Sequence[Pile]:
    n = await fetchval("SELECT count(*) FROM shift WHERE staff = $1 AND closed_at IS NULL", staff)
    return [Pile("open", _("Open shifts, to be counted"), n, to_role=True)] if n else []


async def _move(staff: UUID, _key: str, heir: Heir) -> int:
    """A shift stays whose it was; whoever takes over gets a task to count it."""
    rows = await fetch(f"{SHIFTS} WHERE s.staff = $1 AND s.closed_at IS NULL ORDER BY s.id", staff)
    for row in rows:
        await tasks.open_task(
            "shift.count",
            _("Count the open shift of {name}", name=row["person"]),
            store=row["store"],
            staff=heir.staff,
            role=heir.role,
            key=f"shift.count:{row['id']}",
        )
    return len(rows)


HANDOVER = Handover("shifts", _piles, _move)
