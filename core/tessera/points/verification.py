"""The ledger's verification as a long job, with its progress."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel import long_jobs
from tessera.points import service

JOB = "points.verify"


async def verify_ledger(progress: UUID) -> None:
    """Replay every entry in the background; the report says how many there are and what differs."""

    async def told(done: int, total: int) -> None:
        await long_jobs.advance(progress, done, total)

    differences = await service.verify(told=told)
    named = [str(difference) for difference in differences[:100]]
    report = {"entries": await service.count_entries(), "differences": len(differences), "named": named}
    await long_jobs.finish(progress, report, failed=bool(differences))


long_jobs.register(JOB, verify_ledger)
