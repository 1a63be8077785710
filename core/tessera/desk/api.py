"""One member as JSON with everything that rooms know of them, their history, and the feed of events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from tessera.access.actor import actor
from tessera.access.service import store_of
from tessera.desk.timeline import timeline
from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.members.api import MemberOut, SqlPart, member_json, register_member_part
from tessera.points import service as points
from tessera.points.ledger import POINTS

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class HappeningOut(msgspec.Struct):
    """One thing of a member's history, in the language of the request."""

    id: UUID
    at: datetime
    kind: str
    title: str
    detail: str
    origin: str
    plugin: str | None


class HistoryPage(msgspec.Struct):
    """A stretch of a member's history, newest first."""

    items: list[HappeningOut]
    next: str | None


class EventOut(msgspec.Struct):
    """A committed event; ``store`` by code."""

    id: UUID
    position: int
    kind: str
    version: int
    origin: str
    plugin: str
    member: UUID | None
    store: str | None
    occurred_at: datetime
    recorded_at: datetime
    payload: dict[str, Any]


class EventPage(msgspec.Struct):
    """Events in the order of their positions; ``next`` is the position to go on after."""

    items: list[EventOut]
    next: str | None


BALANCES = SqlPart(
    lambda first: f"coalesce(({points.available_sql('m.id', f'${first}')}), '{{}}')",
    lambda: (clock.now(),),
    lambda found: {POINTS: 0, **found},
    permission="points.read",
)
"""What each member can spend now, by unit, of those whose points the actor may see."""

LAST_PURCHASE = SqlPart(
    lambda _first: "SELECT s.last_purchase_at FROM member_stats s WHERE s.member = m.id", permission="purchases.read"
)
"""When each member bought last, of those whose purchases the actor may see."""

register_member_part("balances", BALANCES)
register_member_part("last_purchase_at", LAST_PURCHASE)


@get("/members/{member_id:uuid}", permission="members.read", operation_id="members.get", tags=["members"])
async def get_member(member_id: FromPath[UUID]) -> MemberOut:
    """One member."""
    return await member_json(member_id)


@get("/members/{member_id:uuid}/timeline", permission="members.read", operation_id="members.timeline", tags=["members"])
async def get_timeline(
    member_id: FromPath[UUID],
    cursor: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    limit: Limit = 50,
) -> HistoryPage:
    """What happened to a member, newest first."""
    stretch = await timeline(member_id, cursor=cursor, kind=kind, limit=limit)
    items = [HappeningOut(o.id, o.at, o.kind, o.title, o.detail, o.origin, o.plugin) for o in stretch.lines]
    return HistoryPage(items, stretch.next)


_EVENTS = """
SELECT * FROM event
WHERE position > $1 AND ($2::text IS NULL OR kind = $2)
  AND ($3::uuid[] IS NULL OR store = ANY($3))
ORDER BY position LIMIT $4
"""


@get("/events", permission="audit.read", operation_id="events.list", tags=["events"])
async def list_events(
    after: Annotated[int, QueryParameter(ge=0, le=2**63 - 1)] = 0,
    kind: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> EventPage:
    """Committed events after a position, oldest first, of the key's stores: ask again from the last position."""
    stores = actor().stores_with("audit.read")
    rows = await fetch(_EVENTS, after, kind, None if stores is None else list(stores), limit)
    items = [_event(row) for row in rows]
    return EventPage(items, str(items[-1].position) if len(items) == limit else None)


def _event(row: Any) -> EventOut:
    store = store_of(row["store"])
    return EventOut(
        id=row["id"],
        position=row["position"],
        kind=row["kind"],
        version=row["version"],
        origin=row["origin"],
        plugin=row["plugin"],
        member=row["member"],
        store=store.code if store else None,
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        payload=row["payload"],
    )


handlers = [get_member, get_timeline, list_events]
