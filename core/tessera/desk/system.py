"""How the instance is doing: health, background work, and what was given up, with the next step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access.audit.nightly import JOB as VERIFY_AUDIT
from tessera.access.service.rotation import JOB as RESEAL
from tessera.kernel import long_jobs, reactions
from tessera.kernel.database import fetch
from tessera.kernel.health import health
from tessera.points.verification import JOB as VERIFY_LEDGER
from tessera.web.forms import done
from tessera_hooks import Text, _

PAGE = "/settings/system"

TITLES: dict[str, Text] = {
    VERIFY_LEDGER: _("Verify the ledger"),
    VERIFY_AUDIT: _("Verify the audit"),
    RESEAL: _("Seal values anew under the newest key"),
}
"""What the long jobs are called."""


async def _context() -> dict[str, Any]:
    long = [{**dict(row), "label": TITLES.get(row["kind"], row["title"])} for row in await long_jobs.latest(5)]
    return {
        "health": await health(),
        "parked": await reactions.parked(),
        "ticks": await fetch("SELECT name, started_at, ended_at, seconds, error FROM job_run ORDER BY name"),
        "long": long,
        "running": any(job["state"] == "running" for job in long),
    }


@get(PAGE, permission="settings.write")
async def show_system() -> Template:
    """The whole page."""
    return Template("desk/system.html", context=await _context())


@get(f"{PAGE}/jobs", permission="settings.write")
async def show_jobs() -> Template:
    """Long jobs as they stand, for the page that is open."""
    return Template("desk/jobs.html", context=await _context())


@post(f"{PAGE}/parked/{{delivery:uuid}}/retry", permission="settings.write")
async def retry_parked(delivery: FromPath[UUID]) -> Response[Any]:
    """Give a parked event another round of attempts."""
    await reactions.retry(delivery)
    return done(PAGE, _("It is tried again in a moment."))


@post(f"{PAGE}/verify", permission="settings.write")
async def verify_ledger() -> Response[Any]:
    """Replay the ledger in the background."""
    async with long_jobs.connected_queue() as queue:
        await long_jobs.begin(queue, VERIFY_LEDGER, str(TITLES[VERIFY_LEDGER]))
    return done(PAGE, _("The ledger is being verified."))


handlers = [show_system, show_jobs, retry_parked, verify_ledger]
