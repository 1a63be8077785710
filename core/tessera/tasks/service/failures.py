"""What went wrong inside plugins, as tasks for those who run the business: one for each plugin and place."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import asyncpg

from tessera.access.actor import system_actor
from tessera.kernel import reactions
from tessera.kernel.business import has_business
from tessera.kernel.database import fetch
from tessera.kernel.errors import Unavailable
from tessera.kernel.plugins import failures
from tessera.tasks.service.work import open_task
from tessera_hooks import _

LONGEST = 1000
REPORT_EVERY = 30.0


async def report_plugin_failures() -> int:
    """Open a task for each plugin and place that failed since the last call; answers how many failed.

    Called by every process for itself: failures are noted where they happen. What is open already
    only counts on. Events that were given up for a reaction become tasks too, one for each reaction; they
    are looked at first, so that without a database no failure is taken and lost.
    """
    await _report_parked()
    noted = failures.take()
    for failure in noted:
        await open_task(
            "plugin_failed",
            _('Plugin "{plugin}" failed: {where}', plugin=failure.plugin, where=failure.where),
            detail=failure.problem[:LONGEST],
            role="owner",
            plugin=failure.plugin,
            key=_key("plugin_failed", failure.plugin, failure.where),
            times=failure.times,
        )
    return len(noted)


async def _report_parked() -> None:
    """One open task for each reaction with parked events; one that was done is not opened again for the same."""
    by_consumer: dict[str, list[str]] = {}
    for row in await reactions.parked():
        by_consumer.setdefault(row["consumer"], []).append(str(row["event"]))
    if not by_consumer:
        return
    for consumer, events in by_consumer.items():
        key = _key("events_parked", consumer, max(events))
        if not await fetch("SELECT 1 FROM task WHERE key = $1 LIMIT 1", key):
            await open_task(
                "events_parked",
                _('{n} events were given up for "{consumer}"', n=len(events), consumer=consumer),
                role="owner",
                key=key,
            )


def _key(kind: str, *parts: str) -> str:
    """A key of bounded length, the same for the same parts."""
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
    return f"{kind}:{parts[0][:80]}:{digest}"


async def report_until(stop: asyncio.Event, every: float = REPORT_EVERY) -> None:
    """Report now and then until told to stop: for a process that runs no jobs, such as the web's.

    While the database cannot be reached the failures wait.
    """
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
        with system_actor(), contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable):
            if has_business():
                await report_plugin_failures()
