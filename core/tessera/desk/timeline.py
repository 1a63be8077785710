"""What happened to a member, from every domain and plugin, newest first; readable also without the plugin."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.database import fetch
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import happened
from tessera.kernel.plugins import EventKind, failures, host
from tessera.kernel.plugins.host import CORE
from tessera.kernel.texts import current_locale, translate
from tessera.members.service import ids_of, need_visible
from tessera_hooks import Happened, TimelineEntry, _

PAGE = 20

_ROWS = """
SELECT e.*, l.title AS label, l.icon, coalesce(p.title, '{}'::jsonb) AS plugin_title
FROM unnest($1::uuid[]) WITH ORDINALITY AS who (id, place)
CROSS JOIN LATERAL (
    SELECT * FROM event WHERE member = who.id AND ($2::timestamptz IS NULL OR (occurred_at, id) < ($2, $3::uuid))
      AND NOT (kind = ANY($4)) AND ($5::text IS NULL OR kind = $5)
      AND (who.place = 1 OR kind NOT IN ('member.merged', 'member.unmerged'))
    ORDER BY occurred_at DESC, id DESC LIMIT $6) e
LEFT JOIN event_label l ON l.kind = e.kind
LEFT JOIN plugin_state p ON p.name = e.plugin
ORDER BY e.occurred_at DESC, e.id DESC LIMIT $6
"""
"""What happened under every id that the member has had; a merge is told once, on the first, which is today's."""


@dataclass(frozen=True)
class Line:
    """One thing that happened; ``gone`` where its plugin is no longer there to say more."""

    id: UUID
    at: datetime
    kind: str
    title: str
    detail: str
    url: str | None
    icon: str
    plugin: str | None
    origin: str
    gone: bool


@dataclass(frozen=True)
class Story:
    """What happened in one moment, told once: a purchase with the visit that it was and the points it earned."""

    head: Line
    also: Sequence[Line]


@dataclass(frozen=True)
class Timeline:
    """A stretch of a member's history; ``next`` asks for the older one."""

    lines: Sequence[Line]
    next: str | None


async def timeline(member: UUID, *, cursor: str | None = None, kind: str | None = None, limit: int = PAGE) -> Timeline:
    """A member's history as the actor may see it."""
    ids = await ids_of(await need_visible(member))
    before, last = _read_cursor(cursor)
    rows = await fetch(_ROWS, ids, before, last, _hidden(), kind, limit + 1)
    page = rows[:limit]
    said = await _read([happened(row) for row in page])
    lines = [_line(row, said.get(row["id"])) for row in page]
    more = _write_cursor(page[-1]) if len(rows) > limit else None
    return Timeline(lines, more)


def told_together(lines: Sequence[Line]) -> list[Story]:
    """Lines of the same moment as one story, headed by the one that can be opened."""
    stories = []
    for _at, same in groupby(lines, key=lambda line: line.at):
        moment = list(same)
        head = next((line for line in reversed(moment) if line.url), moment[-1])
        stories.append(Story(head, [line for line in reversed(moment) if line is not head]))
    return stories


async def kinds_of(member: UUID) -> list[tuple[str, str]]:
    """The kinds of events that a member's history has, with their titles, for a filter."""
    rows = await fetch(
        "SELECT DISTINCT e.kind, l.title AS label FROM event e LEFT JOIN event_label l ON l.kind = e.kind "
        "WHERE e.member = ANY($1) AND NOT (e.kind = ANY($2))",
        await ids_of(member),
        _hidden(),
    )
    return sorted(((row["kind"], _title(row)) for row in rows), key=lambda pair: pair[1])


def _hidden() -> list[str]:
    return [k.kind for k in host().event_kinds.values() if not k.event.on_timeline]


def _title(row: Any) -> str:
    known = host().event_kinds.get(row["kind"])
    if known is not None:
        return translate(known.event.title)
    label = row["label"] or {}
    return str(label.get(current_locale()) or label.get("en") or row["kind"])


def _line(row: Any, entry: TimelineEntry | None) -> Line:
    known = host().event_kinds.get(row["kind"])
    there = known is not None and host().enabled(row["plugin"])
    plugin = None
    if row["plugin"] != CORE:
        titles = row["plugin_title"]
        plugin = str(titles.get(current_locale()) or titles.get("en") or row["plugin"])
    return Line(
        id=row["id"],
        at=row["occurred_at"],
        kind=row["kind"],
        title=translate(entry.title) if entry else _title(row),
        detail=translate(entry.detail) if entry else "",
        url=entry.url if entry and there else None,
        icon=row["icon"] or "point",
        plugin=plugin,
        origin=row["origin"],
        gone=not there,
    )


async def _read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    """Let each kind say how its events read, many at once; one that fails leaves the bare titles."""
    by_kind: dict[str, list[Happened]] = {}
    for event in events:
        by_kind.setdefault(event.kind, []).append(event)
    said: dict[UUID, TimelineEntry] = {}
    for kind, some in by_kind.items():
        known = host().event_kinds.get(kind)
        if known is None or known.event.timeline is None or not host().enabled(known.plugin, actor().store):
            continue
        said.update(await _ask(known, some))
    return said


async def _ask(known: EventKind, some: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    reader = known.event.timeline
    if reader is None:
        return {}
    try:
        return await reader(some)
    except Exception as problem:  # noqa: BLE001 - isolation: the plugin is named, the page goes on
        failures.note(known.plugin, f"timeline of {known.kind}", problem)
        return {}


def _write_cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(f"{row['occurred_at'].isoformat()}|{row['id']}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    if not cursor:
        return None, None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _sep, id_ = text.partition("|")
        return datetime.fromisoformat(at), UUID(id_)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        message = _("the cursor is not one that was given here: begin without it")
        raise Invalid(message, [FieldError("cursor", message)]) from None
