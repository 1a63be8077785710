"""What is done with an uploaded list in the background: checked, imported, taken back, gone on with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.access.actor import SYSTEM, Actor, acting_as, actor
from tessera.access.service.acting import staff_actor
from tessera.kernel import clock, long_jobs
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetchrow, in_transaction
from tessera.kernel.errors import CannotRun, DomainError, Forbidden
from tessera.kernel.texts import use_locale
from tessera.members.imports import batches
from tessera.members.imports.contract import ImportOptions, Report, Step
from tessera.members.imports.people import import_members
from tessera.members.imports.undoing import undo
from tessera.members.imports.uploads import (
    IMPORT,
    UploadBusy,
    content_of,
    keep_rejects,
    on_disk,
    upload,
)
from tessera_hooks import Text, _

JOB = "members.import"

BEAT = 1.0
"""Seconds between two signs of life of work on a list."""

LOST = timedelta(seconds=45)
"""Without a sign of life for so long the work counts as lost, and may be gone on with by hand."""

Work = Literal["check", "import", "undo"]

TITLES: dict[str, Text] = {
    "check": _("Check of a list of members"),
    "import": _("Import of members"),
    "undo": _("Taking an import back"),
}

_TAKE = """
UPDATE import_upload SET state = 'working', work = $2, beat_at = $3
WHERE id = $1 AND (state = $4 OR (state = 'working' AND beat_at < $5 AND work = $2)) RETURNING id
"""


async def begin(id_: UUID, work: Work) -> UUID:
    """Have a list checked, imported or taken back by a worker; answers the id of its progress.

    Work that shows no sign of life any more is begun again, and goes on where it stopped.
    """
    row = await upload(id_)
    actor().needs(IMPORT, row["store"])
    actor().needs("members.reveal", row["store"])
    if work == "undo" and row["batch_state"] != "done":
        raise UploadBusy(_("This import was taken back already, or never came to its end."))
    now = clock.now()
    wanted = "done" if work == "undo" else "ready"
    if await fetchrow(_TAKE, id_, work, now, wanted, now - LOST) is None:
        raise UploadBusy(_("This list is being worked on: wait for its end."))
    try:
        async with long_jobs.connected_queue() as queue:
            progress = await long_jobs.begin(queue, JOB, str(TITLES[work]), upload=str(id_))
    except BaseException:
        await execute("UPDATE import_upload SET state = $2 WHERE id = $1", id_, wanted)
        raise
    await execute("UPDATE import_upload SET progress = $2 WHERE id = $1", id_, progress)
    return progress


def is_lost(row: Any) -> bool:
    """Whether the work on a list has shown no sign of life for so long that it may be begun again."""
    return bool(row["state"] == "working" and row["beat_at"] < clock.now() - LOST)


@dataclass
class _Ended:
    """How work ended, as it is kept and shown."""

    report: dict[str, Any]
    state: str
    batch: UUID | None = None
    rejects: UUID | None = None


async def run(progress: UUID, *, upload: str) -> None:
    """Do what a list is waiting for, with the rights that whoever began it has now."""
    row = await fetchrow("SELECT * FROM import_upload WHERE id = $1 AND state = 'working'", UUID(upload))
    if row is None:
        await long_jobs.finish(progress, {}, failed=True)
        return
    someone = await _someone(row)
    with acting_as(someone or SYSTEM), use_locale((someone and someone.locale) or business().locale):
        try:
            if someone is None:
                raise Forbidden(_("whoever began this does not work here any more"))
            ended = await _done(row, progress)
        except (DomainError, CannotRun) as refusal:
            ended = _Ended({**(row["report"] or {}), "problem": _as_text(refusal)}, _back(row["work"]))
        await _finish(row, progress, ended)


async def _someone(row: Any) -> Actor | None:
    return SYSTEM if row["staff"] is None else await staff_actor(row["staff"], row["store"])


def _back(work: str) -> str:
    return "done" if work == "undo" else "ready"


def _as_text(refusal: Exception) -> dict[str, Any]:
    message = getattr(refusal, "message", None) or str(refusal)
    return batches.stored_text(message if isinstance(message, Text) else Text(str(message)))


async def _done(row: Any, progress: UUID) -> _Ended:
    if row["work"] == "undo":
        async with _watched(row["id"], progress, _Step()):
            undone = await undo(row["batch"])
        report = {**row["report"], "problem": None, "removed": undone.removed, "restored": undone.restored}
        return _Ended(report, "done", row["batch"], row["rejects"])
    with on_disk(await content_of(row["file"]), row["file_name"]) as path:
        return await _imported(row, progress, path)


async def _imported(row: Any, progress: UUID, path: Path) -> _Ended:
    step = _Step()
    rejects = path.with_name(f"{path.name}.rejected")
    async with _watched(row["id"], progress, step):
        report = await import_members(
            path,
            mapping=row["mapping"],
            source=row["source"],
            store=row["store"],
            options=ImportOptions(dry_run=row["work"] == "check", rejects=rejects),
            progress=step.take,
        )
    kept = await keep_rejects(rejects.read_bytes(), f"{path.stem}-rejects.csv") if report.rejected else None
    imported = row["work"] == "import"
    return _Ended(_as_json(report), "done" if imported else "ready", report.batch if imported else None, kept)


def _as_json(report: Report) -> dict[str, Any]:
    """A report as it is kept, with its texts in no language yet."""
    return {
        "dry_run": report.dry_run,
        **{name: getattr(report, name) for name in ("read", "created", "updated", "unchanged", "rejected")},
        "remarks": [batches.stored_text(remark) for remark in report.remarks],
        "first": [[line, batches.stored_text(reason)] for line, reason in report.first_rejects],
        "seconds": report.seconds,
        "resumed_at": report.resumed_at,
        "problem": None,
    }


async def _finish(row: Any, progress: UUID, ended: _Ended) -> None:
    async def work() -> None:
        await execute(
            "UPDATE import_upload SET state = $2, report = $3::jsonb, batch = coalesce($4, batch), "
            "rejects = coalesce($5, rejects), beat_at = $6 WHERE id = $1",
            row["id"],
            ended.state,
            msgspec.json.encode(ended.report).decode(),
            ended.batch,
            ended.rejects,
            clock.now(),
        )
        if ended.rejects not in (None, row["rejects"]):
            await execute("DELETE FROM stored_file WHERE id = $1", row["rejects"])
        counts = {name: value for name, value in ended.report.items() if isinstance(value, int)}
        await long_jobs.finish(progress, counts, failed=bool(ended.report.get("problem")))

    await in_transaction(work)


class _Step:
    """The last step that an import told."""

    def __init__(self) -> None:
        self.last: Step | None = None

    def take(self, step: Step) -> None:
        """An import has come this far."""
        self.last = step


@asynccontextmanager
async def _watched(id_: UUID, progress: UUID, step: _Step) -> AsyncIterator[None]:
    """Tell from time to time how far the work of the block has come, outside of its transactions."""

    async def watch() -> None:
        while True:
            await execute("UPDATE import_upload SET beat_at = $2 WHERE id = $1", id_, clock.now())
            if step.last is not None:
                await long_jobs.advance(progress, step.last.done, step.last.total)
            await asyncio.sleep(BEAT)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
