"""Where tasks meet the hooks: their events, page and the job that reports what failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.service.leaving import register_handover
from tessera.tasks import service
from tessera.tasks.cards import tasks_card
from tessera.tasks.service import alarms
from tessera.tasks.service.handing_over import HANDOVER
from tessera.tasks.service.merging import merge_tasks, unmerge_tasks
from tessera.tasks.service.privacy import erase_tasks, tell_tasks
from tessera_hooks import Event, Job, Merging, Reaction, Screen, Slot, _, hookimpl

register_handover(HANDOVER)


class TaskPayload(msgspec.Struct):
    """Which task, of what kind, and the rule that opened it."""

    task: UUID
    task_kind: str
    rule: str | None = None


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_tasks(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_tasks(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_tasks(merging)


@hookimpl
async def undo_merge(merging: Merging) -> None:
    await unmerge_tasks(merging)


@hookimpl
def events() -> list[Event]:
    return [
        Event("task.opened", _("Task opened"), TaskPayload, icon="checklist"),
        Event("task.done", _("Task done"), TaskPayload, icon="circle-check"),
        Event("task.reopened", _("Task opened again"), TaskPayload, icon="checklist", on_timeline=False),
    ]


@hookimpl
def screens() -> list[Screen]:
    return [Screen("tasks", _("Tasks"), "checklist", "members.read", (), "tasks", on_phone=True)]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("member.card", "tasks/card.html", tasks_card)]


async def _report() -> None:
    await service.report_plugin_failures()


@hookimpl
def reactions() -> list[Reaction]:
    return [
        Reaction("task_for_unusual_access", ["access.unusual"], alarms.unusual_access),
        Reaction("task_for_changed_audit", ["access.audit_differs"], alarms.changed_audit),
    ]


@hookimpl
def jobs() -> list[Job]:
    return [Job("report_plugin_failures", timedelta(minutes=1), _report)]
