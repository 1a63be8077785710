"""Where records meet the hooks: one function per hook, no logic."""

from tessera.records import service
from tessera_hooks import Job, hookimpl


@hookimpl
def jobs() -> list[Job]:
    return [Job("records.recompute", "30 4 * * *", service.recompute_all)]
