"""Reading tasks: the list of a person, newest due first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.texts import current_locale
from tessera.members.service import survivor_of
from tessera.tasks.service.reach import reach
from tessera.tasks.service.work import OUTCOMES, TaskUnknown
from tessera_hooks import Text, _


@dataclass(frozen=True)
class TaskView:
    """A task as a person sees it; ``outcome_text`` is the outcome in words."""

    id: UUID
    kind: str
    title: str
    detail: str
    member: UUID | None
    member_name: str | None
    store: UUID | None
    role: str | None
    staff: UUID | None
    plugin: str
    rule: str | None
    times: int
    state: Literal["open", "done"]
    due_at: datetime | None
    created_at: datetime
    outcome: str | None
    done_at: datetime | None
    done_by: str | None

    @property
    def is_late(self) -> bool:
        """Whether it should have been done by now."""
        return self.state == "open" and self.due_at is not None and self.due_at < clock.now()

    @property
    def outcome_text(self) -> Text | str | None:
        """The outcome in words."""
        return OUTCOMES.get(self.outcome or "", self.outcome)


@dataclass(frozen=True)
class Page:
    """Some tasks, and the id after which the next ones come."""

    items: Sequence[TaskView]
    next: UUID | None


_COLUMNS = """
SELECT t.id, t.kind, t.title, t.detail, t.member, m.name AS member_name, t.store, t.role, t.staff, t.plugin, t.rule,
       t.times, t.state, t.due_at, t.created_at, t.outcome, t.done_at, t.done_by
FROM task t LEFT JOIN member m ON m.id = t.member
"""


async def tasks(
    state: Literal["open", "done"] = "open",
    *,
    member: UUID | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The tasks of whoever acts, the newest first; those of one member where one is given."""
    allowed, values = await reach(actor())
    rows = await fetch(
        f"{_COLUMNS} WHERE t.state = $1 AND ($2::uuid IS NULL OR t.member = $2) AND ($3::uuid IS NULL OR t.id < $3) "
        f"AND {allowed(5)} ORDER BY t.id DESC LIMIT $4",
        state,
        await survivor_of(member) if member is not None else None,
        cursor,
        limit + 1,
        *values,
    )
    items = [_view(row) for row in rows[:limit]]
    return Page(items, items[-1].id if len(rows) > limit else None)


async def task(id: UUID) -> TaskView:
    """One task of whoever acts."""
    allowed, values = await reach(actor())
    rows = await fetch(f"{_COLUMNS} WHERE t.id = $1 AND {allowed(2)}", id, *values)
    if not rows:
        raise TaskUnknown(_("There is no such task for you."))
    return _view(rows[0])


async def count_open() -> int:
    """How many tasks wait for whoever acts."""
    allowed, values = await reach(actor())
    n: int = await fetchval(f"SELECT count(*) FROM task t WHERE t.state = 'open' AND {allowed(1)}", *values)
    return n


def _view(row: Any) -> TaskView:
    values = dict(row)
    said = values["title"]
    values["title"] = said.get(current_locale()) or said.get("en") or ""
    return TaskView(**values)
