"""Tasks as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tessera.access.service import store_of
from tessera.tasks import service


class TaskOut(msgspec.Struct):
    """A task; ``store`` by code."""

    id: UUID
    kind: str
    title: str
    detail: str
    member: UUID | None
    store: str | None
    role: str | None
    plugin: str
    rule: str | None
    times: int
    state: Literal["open", "done"]
    due_at: datetime | None
    created_at: datetime
    outcome: str | None
    done_at: datetime | None
    done_by: str | None

    @classmethod
    def of(cls, task: service.TaskView) -> TaskOut:
        """A task as programs see it."""
        store = store_of(task.store)
        same = {name: getattr(task, name) for name in cls.__struct_fields__ if name != "store"}
        return cls(**same, store=store.code if store else None)


class TaskList(msgspec.Struct):
    """A page of tasks."""

    items: list[TaskOut]
    next: UUID | None


class Outcome(msgspec.Struct, forbid_unknown_fields=True):
    """How a task went: a code such as ``done``, or words."""

    outcome: str


Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@get("/tasks", permission="members.read")
async def list_tasks(
    wanted: Annotated[Literal["open", "done"], QueryParameter(name="state")] = "open",
    member: FromQuery[UUID | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> TaskList:
    """The tasks of this key's stores, the newest first."""
    page = await service.tasks(wanted, member=member, cursor=cursor, limit=limit)
    return TaskList([TaskOut.of(task) for task in page.items], page.next)


@post("/tasks/{task:uuid}/done", permission="members.write", status_code=200)
async def finish(task: FromPath[UUID], data: JSONBody[Outcome]) -> TaskOut:
    """Finish a task; the same outcome again is the same answer."""
    await service.finish_task(task, data.outcome)
    return TaskOut.of(await service.task(task))


handlers = [list_tasks, finish]
