"""Where records meet the hooks: one function per hook, no logic."""

from tessera.records import service
from tessera_hooks import Job, Reaction, hookimpl


@hookimpl
def jobs() -> list[Job]:
    return [Job("records.recompute", "30 4 * * *", service.recompute_all)]


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("records.person_changed", ["member.updated"], service.person_changed, history=True)]
