"""Reading the audit: newest first, page by page, as far as one may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from tessera.access.actor import actor
from tessera.access.audit import actions
from tessera.access.audit.unusual import first_id
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera_hooks import Text, _

PERMISSION = "audit.read"

ACTORS: Mapping[str, Text] = {"system": _("Tessera"), "nobody": _("Nobody signed in"), "key": _("API key")}
"""How those are called who are no staff."""

Names = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, str]]]

_member_names: list[Names] = []


def name_members_with(names: Names) -> None:
    """Let the room of members say what the members of rows are called, as far as the actor may see them."""
    if names not in _member_names:
        _member_names.append(names)


@dataclass(frozen=True)
class Filter:
    """Which rows are wanted; what is ``None`` narrows nothing. ``after`` is the id of a row already seen."""

    group: str | None = None
    action: str | None = None
    actor: UUID | None = None
    member: UUID | None = None
    day: date | None = None
    after: UUID | None = None


@dataclass(frozen=True)
class Row:
    """One act: who did what to whom, where, and whether it is sealed."""

    id: UUID
    at: datetime
    action: str
    actor_kind: str
    actor: UUID | None
    actor_label: str
    member: UUID | None
    member_name: str | None
    subject_kind: str
    subject: UUID | None
    subject_name: str | None
    store: UUID | None
    fields: Sequence[str]
    rows: int | None
    facts: Mapping[str, Any]
    seal: int | None

    @property
    def label(self) -> Text | str:
        """The act in words."""
        return actions.label(self.action)

    @property
    def who(self) -> Text | str:
        """What the actor was called at that time."""
        return self.actor_label or ACTORS.get(self.actor_kind, self.actor_kind)


@dataclass(frozen=True)
class Page:
    """Some rows, and the id after which the next ones come."""

    items: Sequence[Row]
    next: UUID | None


_SELECT = """
SELECT a.id, a.at, a.action, a.actor_kind, a.actor, a.actor_label, a.member, a.subject_kind, a.subject, a.store,
    a.fields, a.rows, a.facts, a.seal, coalesce(
        (SELECT p.name FROM staff p WHERE a.subject_kind = 'staff' AND p.id = a.subject),
        (SELECT k.name FROM api_key k WHERE a.subject_kind = 'api_key' AND k.id = a.subject),
        (SELECT s.name FROM store s WHERE a.subject_kind = 'store' AND s.id = a.subject)) AS subject_name
FROM audit a
"""


async def page(wanted: Filter, *, cursor: UUID | None = None, limit: int = 50) -> Page:
    """Rows of the stores where the actor may read the audit, newest first; without a store, only for those
    who may read it everywhere."""
    actor().needs(PERMISSION)
    stores = actor().stores_with(PERMISSION)
    begins, ends = _day(wanted.day)
    found = await fetch(
        f"{_SELECT} WHERE ($1::uuid[] IS NULL OR a.store = ANY($1)) AND ($2::varchar IS NULL OR a.action = $2) "
        "AND ($3::varchar IS NULL OR starts_with(a.action, $3 || '.')) AND ($4::uuid IS NULL OR a.actor = $4) "
        "AND ($5::uuid IS NULL OR a.member = $5) AND ($6::uuid IS NULL OR a.id >= $6) "
        "AND ($7::uuid IS NULL OR a.id < $7) AND ($8::uuid IS NULL OR a.id < $8) AND ($9::uuid IS NULL OR a.id > $9) "
        "ORDER BY a.id DESC LIMIT $10",
        None if stores is None else list(stores),
        wanted.action,
        wanted.group,
        wanted.actor,
        wanted.member,
        begins,
        ends,
        cursor,
        wanted.after,
        limit + 1,
    )
    names = await _names([row["member"] for row in found if row["member"] is not None])
    items = [Row(**dict(row), member_name=names.get(row["member"])) for row in found[:limit]]
    return Page(items, items[-1].id if len(found) > limit else None)


def _day(day: date | None) -> tuple[UUID | None, UUID | None]:
    """The ids between which a day of the business lies."""
    if day is None:
        return None, None
    zone = clock.zone(business().timezone)
    begins = datetime.combine(day, time(), tzinfo=zone)
    return first_id(begins), first_id(datetime.combine(day + timedelta(days=1), time(), tzinfo=zone))


async def _names(members: Sequence[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for names in _member_names:
        found.update(await names(members))
    return found
