"""Opening a task and finishing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.texts import LOCALES, translate
from tessera.members.service import hold
from tessera.members.service.responsible import responsible_of
from tessera.tasks.service.reach import reach
from tessera_hooks import Text, _

LONGEST_OUTCOME = 2000

OUTCOMES: Mapping[str, Text] = {
    "done": _("Done"),
    "reached": _("Spoke with them"),
    "not_reached": _("Could not reach them"),
    "not_needed": _("Not needed any more"),
}
"""Outcomes that take one tap; any other words may be written instead."""


class TaskUnknown(NotFound):
    """There is no such task for this person."""

    code = "task_unknown"


class TaskDone(Conflict):
    """Someone has finished the task with another outcome."""

    code = "task_done"


_OPEN = """
INSERT INTO task (id, kind, plugin, title, detail, member, store, role, staff, rule, key, times, state, due_at,
                  created_at, updated_at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, coalesce($7, (SELECT store FROM member WHERE id = $6)), $8, $9, $10, $11, $12,
        'open', $13, $14, $14)
ON CONFLICT (key) WHERE state = 'open' AND key IS NOT NULL
DO UPDATE SET times = task.times + excluded.times, detail = excluded.detail, updated_at = excluded.updated_at
RETURNING id, store
"""


async def open_task(
    kind: str,
    title: Text | str,
    *,
    detail: str = "",
    member: UUID | None = None,
    store: UUID | None = None,
    role: str | None = None,
    staff: UUID | None = None,
    plugin: str = "core",
    rule: str | None = None,
    key: str | None = None,
    times: int = 1,
    due_at: datetime | None = None,
) -> UUID:
    """Open a task for a role, for one person, or for everyone of a store, and answer its id.

    A task about a member is one of the member's own store unless another is given; one for a role is for
    whoever is responsible for the member in that role, where someone is ("the member's coach").

    While a task with the same ``key`` is open no second one is: its ``times`` grow and its ``detail``
    becomes the latest.
    """

    async def work() -> UUID:
        fresh, moment = uuid7(), clock.now()
        about = await hold(member) if member is not None else None
        whose = staff
        if whose is None and about is not None and role is not None:
            responsible = (await responsible_of(about)).get(role)
            whose = responsible.staff if responsible else None
        said = msgspec.json.encode({locale: translate(title, locale) for locale in LOCALES}).decode()
        values = (fresh, kind, plugin, said, detail, about, store, role, whose, rule, key, times, due_at, moment)
        row = await fetchrow(_OPEN, *values)
        task: UUID = row["id"]
        if task == fresh:
            await emit("task.opened", member=about, store=row["store"], task=task, task_kind=kind, rule=rule)
        return task

    return await in_transaction(work)


async def finish_task(task: UUID, outcome: str) -> None:
    """Finish an open task; the same outcome twice is one, another is refused with what it was.

    ``outcome`` is a code of ``OUTCOMES`` or the person's own words.
    """
    outcome = " ".join(outcome.split())
    if not outcome or len(outcome) > LONGEST_OUTCOME:
        message = _("say how it went in at most {n} characters", n=LONGEST_OUTCOME)
        raise Invalid(message, [FieldError("outcome", message)])

    async def work() -> None:
        row = await _locked(task)
        if row["state"] == "done":
            if row["outcome"] != outcome:
                raise TaskDone(_("{name} has finished this task already.", name=row["done_by"]), outcome=row["outcome"])
            return
        await fetchval(
            "UPDATE task SET state = 'done', outcome = $2, done_at = $3, done_by = $4, updated_at = $3 WHERE id = $1",
            task,
            outcome,
            clock.now(),
            actor().label,
        )
        await emit("task.done", member=row["member"], store=row["store"], task=task, task_kind=row["kind"])

    await in_transaction(work)


async def reopen_task(task: UUID) -> None:
    """Take a finishing back: a slip of the thumb."""

    async def work() -> None:
        row = await _locked(task)
        if row["state"] == "open":
            return
        await fetchval(
            "UPDATE task SET state = 'open', outcome = NULL, done_at = NULL, done_by = NULL, updated_at = $2, "
            "key = CASE WHEN EXISTS (SELECT 1 FROM task o WHERE o.key = task.key AND o.state = 'open') "
            "THEN NULL ELSE key END WHERE id = $1",
            task,
            clock.now(),
        )
        await emit("task.reopened", member=row["member"], store=row["store"], task=task, task_kind=row["kind"])

    await in_transaction(work)


async def _locked(task: UUID) -> Mapping[str, Any]:
    allowed, values = await reach(actor())
    row = await fetchrow(f"SELECT * FROM task t WHERE t.id = $1 AND {allowed(2)} FOR UPDATE", task, *values)
    if row is None:
        raise TaskUnknown(_("There is no such task for you."))
    return dict(row)
