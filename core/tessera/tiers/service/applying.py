"""Asking about everyone: each night, and when somebody has changed what tiers ask for."""

from __future__ import annotations

from uuid import UUID

from tessera.access.actor import system_actor
from tessera.kernel import long_jobs
from tessera.tiers.service.requalifying import requalify_all
from tessera.tiers.service.rising import raise_everyone

JOB = "tiers.apply"


async def nightly() -> None:
    """First whoever comes up, then what ends."""
    await raise_everyone()
    await requalify_all()


async def apply_now(progress: UUID) -> None:
    """Raise whoever meets a higher tier now, as a long job; nobody goes down before their days end."""
    with system_actor():
        raised = await raise_everyone()
    await long_jobs.finish(progress, {"raised": raised})


long_jobs.register(JOB, apply_now)
