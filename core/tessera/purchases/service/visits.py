"""Visits: one a member, day and store, whoever reports it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tessera.access import service as access
from tessera.kernel import clock, events
from tessera.kernel.business import business
from tessera.kernel.database import fetch, in_transaction
from tessera.kernel.ids import uuid7
from tessera.purchases.rows import ADD_TO_STATS, VisitRow, as_json, columns

_WRITE = f"""
WITH visited AS (
    INSERT INTO visit ({columns(VisitRow)})
    SELECT {columns(VisitRow)} FROM json_populate_recordset(NULL::visit, $1) ORDER BY member, day
    ON CONFLICT (member, day, store) DO NOTHING RETURNING id, member, day
), stats AS (
    {
    ADD_TO_STATS.format(
        rows='''
    SELECT member, 0, 0, NULL, count(*)::int, max(day) FROM visited GROUP BY member ORDER BY member
    '''
    )
}
), said AS (
    {events.INSERT_JSON.format(rows="$2")} AS given
    WHERE given.payload ->> 'visit' IN (SELECT id::text FROM visited)
)
SELECT id FROM visited
"""


@dataclass(frozen=True)
class NewVisit:
    """Someone was there: on a day of the store's zone, at a moment and for a purchase where that is known."""

    member: UUID
    store: UUID | None
    day: date
    kind: str
    at: datetime | None = None
    purchase: UUID | None = None


async def record_visits(visits: Sequence[NewVisit]) -> list[bool]:
    """Record visits, and answer of each whether it was the first of its day and store."""
    ids = [uuid7() for _ in visits]
    given = [_row(id_, visit) for id_, visit in zip(ids, visits, strict=True)]
    said = [
        events.event_row(
            "visit.recorded", member=row.member, store=row.store, occurred_at=row.at, visit=row.id, kind=row.kind
        )
        for row in given
    ]

    async def work() -> set[UUID]:
        return {row["id"] for row in await fetch(_WRITE, as_json(given), events.as_json(said))}

    written = await in_transaction(work)
    return [id_ in written for id_ in ids]


async def record_visit(member: UUID, store: UUID | None, *, kind: str, at: datetime | None = None) -> bool:
    """Record that a member is or was in a store; answers whether it was the day's first visit there."""
    moment = at or clock.now()
    return (await record_visits([NewVisit(member, store, clock.local_day(moment, zone_of(store)), kind, moment)]))[0]


def zone_of(store: UUID | None) -> str:
    """The zone in which a store's days are counted; without a store, the business's."""
    facts = access.store_of(store)
    return facts.timezone if facts else business().timezone


def _row(id_: UUID, visit: NewVisit) -> VisitRow:
    return VisitRow(
        id=id_,
        member=visit.member,
        store=visit.store,
        day=visit.day,
        kind=visit.kind,
        purchase=visit.purchase,
        origin=events.current_origin(),
        batch=events.current_batch(),
        at=visit.at or clock.midnight(visit.day, zone_of(visit.store)),
    )
