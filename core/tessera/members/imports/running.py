"""Running an import: chunk after chunk, each one transaction together with how far it has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg

from tessera.access import audit
from tessera.kernel.database import in_transaction, in_transaction_now
from tessera.kernel.errors import CannotRun, Unavailable
from tessera.kernel.events import importing
from tessera.kernel.ids import uuid7
from tessera.kernel.tabular import Reject, Row, Table, open_table, write_rejects
from tessera.members.imports import batches
from tessera.members.imports.contract import (
    CHUNK,
    ImportOptions,
    Loader,
    Outcome,
    Progress,
    Report,
    Step,
    silent,
)
from tessera.members.imports.control import Control
from tessera_hooks import Text, _

P = TypeVar("P")

SHOWN = 20
"""How many rejected rows a report shows with their reasons."""

ATTEMPTS = 5
"""How often a chunk is tried when someone takes an identity between looking and writing."""


class _Rehearsed(Exception):
    """Ends the transaction of a dry run."""


class _Run:
    """One import on its way: its report, its batch, and the rejected lines."""

    def __init__(self, kind: str, path: Path, loader: Loader[Any], options: ImportOptions, progress: Progress) -> None:
        self.path = path
        self.loader = loader
        self.options = options
        self.progress = progress
        self.report = Report(kind, path.name, dry_run=options.dry_run)
        self.rejected: dict[int, Text] = {}
        self._known: dict[str, Text] = {}

    async def go(self) -> Report:
        """Import the file, or rehearse it."""
        began = time.monotonic()
        check_rejects(self.options.rejects, self.path)
        table = await asyncio.to_thread(open_table, self.path, encoding=self.options.encoding, sheet=self.options.sheet)
        with table:
            self.report.remarks = list(self.loader.open(table.columns))
            if self.options.dry_run:
                await self._rehearse(table)
            else:
                await self._import(table)
            await self._write_rejects(table.columns)
        self.report.first_rejects = sorted(self.rejected.items())[:SHOWN]
        self.report.seconds = time.monotonic() - began
        return self.report

    async def _import(self, table: Table) -> None:
        sha256 = await asyncio.to_thread(batches.sha256_of, self.path)
        batch, position = await batches.begin(self.report.kind, self.path, sha256, self.options)
        self.report.batch = batch
        if position:
            await batches.recount(self.report, batch)
            self.report.resumed_at = self.report.read
            self.rejected = await batches.reasons(batch)
        with importing(batch, "live" if self.options.live else "import"):
            await self._all(table, batch, position)
        await in_transaction(partial(self._finish, batch))

    async def _finish(self, batch: UUID) -> None:
        await batches.finish(batch)
        await self._audited("import.finished", batch)

    async def _audited(self, action: str, batch: UUID | None) -> None:
        """Note an import and a rehearsal alike: both tell which identities are known."""
        report = self.report
        counts = {n: getattr(report, n) for n in ("created", "updated", "unchanged", "rejected")}
        subject = ("import_batch", batch) if batch is not None else None
        await audit.note(action, subject=subject, rows=report.read, kind=report.kind, **counts)

    async def _rehearse(self, table: Table) -> None:
        """Do everything in one transaction and take it back, so that the numbers are those of the import."""

        async def work() -> None:
            batch, position = await batches.begin(self.report.kind, self.path, uuid7().bytes, self.options)
            with importing(batch, "import"):
                await self._all(table, batch, position)
            raise _Rehearsed

        with suppress(_Rehearsed):
            await in_transaction(work)
        await in_transaction(partial(self._audited, "import.rehearsed", None))

    async def _all(self, table: Table, batch: UUID, position: int) -> None:
        """Load chunk after chunk; the next is read and parsed while the database takes the present one."""
        chunks = _chunks(_placed(table, self.loader), self.loader, position)
        coming = asyncio.create_task(asyncio.to_thread(_next, chunks, self.loader))
        try:
            while (found := await coming) is not None:
                place, rows, parsed = found
                coming = asyncio.create_task(asyncio.to_thread(_next, chunks, self.loader))
                outcomes = await self._load(rows, parsed, batch, position, place)
                position = place
                self.report.count(outcomes)
                self._note(outcomes)
                self.progress(Step(table.progress, table.size_hint, table.unit, self.report))
        finally:
            await asyncio.gather(coming, return_exceptions=True)

    async def _load(
        self, rows: Sequence[Row], parsed: Any, batch: UUID, position: int, place: int
    ) -> Sequence[Outcome]:
        broken = [Outcome(row.line, "rejected", reason=row.error) for row in rows if row.error is not None]

        async def work() -> Sequence[Outcome]:
            await batches.hold(batch, position)
            outcomes = [*await self.loader.load(parsed, batch), *broken]
            if sorted(o.line for o in outcomes) != sorted(row.line for row in rows):
                raise RuntimeError("the loader did not say of each row once what became of it")
            await batches.advance(batch, place, outcomes)
            return outcomes

        for _attempt in range(1 if in_transaction_now() else ATTEMPTS):
            try:
                return await in_transaction(work)
            except asyncpg.UniqueViolationError:
                continue
        raise Unavailable(_("others change the same members at this moment: run the import again to go on"))

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.reason is not None:
                self.rejected[outcome.line] = self._known.setdefault(str(outcome.reason), outcome.reason)

    async def _write_rejects(self, columns: Sequence[str]) -> None:
        path = self.options.rejects
        if path is None:
            return
        await asyncio.to_thread(self._write_rejects_now, path, columns)
        self.report.rejects = path

    def _write_rejects_now(self, path: Path, columns: Sequence[str]) -> None:
        """Read the file once more for the cells of the rejected rows, which are kept nowhere else."""

        def again() -> Iterator[Reject]:
            with open_table(self.path, encoding=self.options.encoding, sheet=self.options.sheet) as table:
                for row in table.rows():
                    reason = self.rejected.get(row.line)
                    if reason is not None:
                        yield Reject(row.line, reason, row.values)

        write_rejects(path, columns, again() if self.rejected else ())


def _placed(table: Table, loader: Loader[Any]) -> Iterator[tuple[int, Row]]:
    """The rows, each with its place in the order of loading: its line, or a count where the loader arranges them."""
    arrange = getattr(loader, "arrange", None)
    if arrange is not None:
        yield from enumerate(arrange(table.rows()), start=1)
        return
    for row in table.rows():
        yield row.line, row


def _chunks(placed: Iterator[tuple[int, Row]], loader: Loader[P], position: int) -> Iterator[tuple[int, list[Row]]]:
    """Rows after ``position`` in chunks, with the place of each chunk's last; neighbours of one group stay together."""
    chunk: list[Row] = []
    last = position
    for place, row in placed:
        if place <= position:
            continue
        if len(chunk) >= CHUNK:
            group = loader.group(row)
            if group is None or group != loader.group(chunk[-1]):
                yield last, chunk
                chunk = []
        chunk.append(row)
        last = place
    if chunk:
        yield last, chunk


def _next(chunks: Iterator[tuple[int, list[Row]]], loader: Loader[P]) -> tuple[int, list[Row], P] | None:
    found = next(chunks, None)
    if found is None:
        return None
    place, rows = found
    return place, rows, loader.parse([row for row in rows if row.error is None])


def check_rejects(rejects: Path | None, source: Path) -> None:
    """Refuse a place for rejected rows that cannot be written, before anything is read."""
    if rejects is None:
        return
    if rejects.absolute() == source.absolute():
        raise CannotRun(f"{rejects} is the file to be imported: give --rejects another name")
    try:
        with rejects.open("a", encoding="utf-8"):
            pass
    except OSError as problem:
        raise CannotRun(
            f"{rejects} cannot be written ({problem.strerror or problem}): give --rejects a file in a folder of yours"
        ) from None


async def run_import(
    kind: str,
    path: Path,
    loader: Loader[Any],
    options: ImportOptions | None = None,
    progress: Progress = silent,
) -> Report:
    """Import a file with the loader of its kind.

    Flat in memory, whatever the file's length. Killed anywhere, it goes on after the last committed
    chunk when the same file is imported with the same options again.
    """
    return await _Run(kind, path, loader, options or ImportOptions(), progress).go()


class CountingLoader(Loader[Any], Protocol):
    """A loader that adds up what it books."""

    control: Control


async def run_counted(
    kind: str, path: Path, loader: CountingLoader, options: ImportOptions, progress: Progress
) -> Report:
    """Import a file as ``run_import`` does; the report carries the loader's control totals."""
    report = await run_import(kind, path, loader, options, progress)
    report.totals = loader.control.totals()
    if report.resumed_at:
        report.remarks.append(_("the control totals are those of the rows after line {line}", line=report.resumed_at))
    return report
