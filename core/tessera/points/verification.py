"""The ledger's verification as a long job, begun every night; where something differs, the owner has a task."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel import long_jobs
from tessera.kernel.database import in_transaction
from tessera.kernel.texts import translate
from tessera.points import service
from tessera.tasks.service import open_task
from tessera_hooks import _

JOB = "points.verify"

NAMED = 100
"""Differences that the report of a run names."""


async def verify_ledger(progress: UUID) -> None:
    """Replay every entry in the background; the report says how many there are and what differs."""

    async def told(done: int, total: int) -> None:
        await long_jobs.advance(progress, done, total)

    differences = await service.verify(told=told)
    named = [str(difference) for difference in differences[:NAMED]]
    report = {"entries": await service.count_entries(), "differences": len(differences), "named": named}

    async def work() -> None:
        await long_jobs.finish(progress, report, failed=bool(differences))
        if differences:
            await open_task(
                "ledger_differs",
                _("The ledger differs from its entries in {n} places", n=len(differences)),
                detail=translate(_("`tessera points verify` names each. Someone wrote to the database past Tessera.")),
                role="owner",
                key="ledger_differs",
            )

    await in_transaction(work)


async def begin_verification() -> None:
    """Put tonight's verification into the queue."""
    async with long_jobs.connected_queue() as queue:
        await long_jobs.begin(queue, JOB, "Ledger")


long_jobs.register(JOB, verify_ledger)
