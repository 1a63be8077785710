"""The audit's verification as a long job, begun every night."""

from __future__ import annotations

from uuid import UUID

from tessera.access.audit.verifying import verify
from tessera.kernel import long_jobs
from tessera.kernel.database import in_transaction
from tessera.kernel.events import emit

JOB = "audit.verify"

NAMED = 100
"""Differences that the report of a run names."""


async def verify_audit(progress: UUID) -> None:
    """Recompute all seals in the background; where something differs, an event tells of it."""

    async def told(done: int, total: int) -> None:
        await long_jobs.advance(progress, done, total)

    found = await verify(told=told)
    report = {
        "rows": found.rows,
        "seals": found.seals,
        "unsealed": found.unsealed,
        "last": found.last,
        "mark": found.mark,
        "differences": len(found.differences),
        "named": [str(difference) for difference in found.differences[:NAMED]],
    }

    async def work() -> None:
        await long_jobs.finish(progress, report, failed=bool(found.differences))
        if found.differences:
            await emit("access.audit_differs", differences=len(found.differences), progress=progress)

    await in_transaction(work)


long_jobs.register(JOB, verify_audit)


async def begin_verification() -> None:
    """Put tonight's verification into the queue."""
    async with long_jobs.connected_queue() as queue:
        await long_jobs.begin(queue, JOB, "Audit")
