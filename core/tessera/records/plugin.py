"""Where records meet the hooks: one function per hook, no logic."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.members.service.merging import register_question
from tessera.records import imports, profiles, service
from tessera.records.events import EVENTS
from tessera.records.merging import ask_about_records, merge_records, unmerge_records
from tessera.records.privacy import erase_records, tell_records
from tessera_hooks import Event, Job, Merging, Reaction, Text, hookimpl

imports.register()
profiles.register()
register_question(ask_about_records)


@hookimpl
def events() -> list[Event]:
    return EVENTS


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_records(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await unmerge_records(merging)


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_records(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_records(member)


@hookimpl
def jobs() -> list[Job]:
    return [Job("records.recompute", "30 4 * * *", service.recompute_all)]


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("records.person_changed", ["member.updated"], service.person_changed, history=True)]
