"""The rows of imports: begun or resumed, advanced with every chunk, finished, looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, NotFound
from tessera.kernel.ids import uuid7
from tessera.members.imports.contract import ImportOptions, Outcome, Report
from tessera_hooks import Text, _


class ImportUnknown(NotFound):
    """There is no import of that id."""

    code = "import_unknown"


class ImportElsewhere(Conflict):
    """The same file is being imported by another process."""

    code = "import_running"


def sha256_of(path: Path) -> bytes:
    """The file's fingerprint; blocking."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def begin(kind: str, path: Path, sha256: bytes, options: ImportOptions) -> tuple[UUID, int]:
    """The batch for a file, and the line from which to go on.

    An import of the same file with the same options that never came to its end is resumed.
    """
    return await in_transaction(partial(_begin, kind, path, sha256, _json(options.identity())))


async def _begin(kind: str, path: Path, sha256: bytes, wanted: str) -> tuple[UUID, int]:
    # two who bring the same file at once meet in one batch, of which one of them is then told
    await execute("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))", sha256)
    stopped = await fetchrow(
        "SELECT id, position FROM import_batch WHERE kind = $1 AND sha256 = $2 AND state = 'running' "
        "AND options = $3::jsonb ORDER BY id DESC LIMIT 1",
        kind,
        sha256,
        wanted,
    )
    if stopped is not None:
        return stopped["id"], stopped["position"]
    id_ = uuid7()
    await execute(
        "INSERT INTO import_batch (id, kind, file_name, sha256, options, state, position, read, created, updated, "
        "unchanged, rejected, actor, started_at) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, 'running', 0, 0, 0, 0, 0, 0, $6, $7)",
        id_,
        kind,
        path.name[-255:],
        sha256,
        wanted,
        str(actor().label)[:200],
        clock.now(),
    )
    return id_, 0


async def hold(batch: UUID, position: int) -> None:
    """Lock the batch for a chunk, and refuse if another process has moved it."""
    found = await fetchval("SELECT position FROM import_batch WHERE id = $1 AND state = 'running' FOR UPDATE", batch)
    if found != position:
        raise ImportElsewhere(_("this file is being imported by someone else at this moment: wait for its end"))


_ROW = (
    "INSERT INTO import_row (batch, line, action, target, before, reason) "
    "SELECT $1, r.line, r.action, r.target, r.before::jsonb, r.reason::jsonb "
    "FROM unnest($2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[]) "
    "AS r (line, action, target, before, reason)"
)


async def advance(batch: UUID, position: int, outcomes: Sequence[Outcome]) -> None:
    """Note what became of a chunk's rows, and how far the import has come with them."""
    await execute(
        _ROW,
        batch,
        [o.line for o in outcomes],
        [o.action for o in outcomes],
        [o.target for o in outcomes],
        [_json(o.before) if o.before is not None else None for o in outcomes],
        [_json(stored_text(o.reason)) if o.reason is not None else None for o in outcomes],
    )
    counts = [sum(o.action == action for o in outcomes) for action in ("created", "updated", "unchanged", "rejected")]
    await execute(
        "UPDATE import_batch SET position = $2, read = read + $3, created = created + $4, updated = updated + $5, "
        "unchanged = unchanged + $6, rejected = rejected + $7 WHERE id = $1",
        batch,
        position,
        len(outcomes),
        *counts,
    )


def stored_text(text: Text) -> dict[str, Any]:
    """A text as JSON, with its source and values, so that it can be said in any language later."""
    values = {key: stored_text(value) if isinstance(value, Text) else value for key, value in text.values.items()}
    return {"source": text.source, "values": values}


def text_of(stored: Any) -> Text:
    values = {k: text_of(v) if isinstance(v, dict) else v for k, v in stored["values"].items()}
    return Text(stored["source"], **values)


async def reasons(batch: UUID) -> dict[int, Text]:
    """The rejected lines of an import and why; equal reasons are one object."""
    known: dict[str, Text] = {}
    found: dict[int, Text] = {}
    for row in await fetch(
        "SELECT line, reason FROM import_row WHERE batch = $1 AND action = 'rejected' ORDER BY line", batch
    ):
        text = text_of(row["reason"])
        found[row["line"]] = known.setdefault(str(text), text)
    return found


async def finish(batch: UUID) -> None:
    """The import has come to its end."""
    await execute("UPDATE import_batch SET state = 'done', ended_at = $2 WHERE id = $1", batch, clock.now())


async def recount(report: Report, batch: UUID) -> None:
    """Fill a report with what an import that is resumed had done before."""
    row = await fetchrow("SELECT read, created, updated, unchanged, rejected FROM import_batch WHERE id = $1", batch)
    report.read, report.created, report.updated, report.unchanged, report.rejected = row


async def batch_row(batch: UUID) -> Any:
    """The row of an import."""
    row = await fetchrow("SELECT * FROM import_batch WHERE id = $1", batch)
    if row is None:
        raise ImportUnknown(_("there is no import {batch}: its id stands in the report", batch=str(batch)))
    return row


async def last_batch() -> UUID:
    """The import that was begun last and not taken back."""
    found: UUID | None = await fetchval("SELECT id FROM import_batch WHERE state <> 'undone' ORDER BY id DESC LIMIT 1")
    if found is None:
        raise ImportUnknown(_("nothing has been imported yet"))
    return found


async def rows_done(batch: UUID, action: str) -> Sequence[Any]:
    """The rows of one outcome, the last line first, for an undo."""
    return await fetch(
        "SELECT line, target, before FROM import_row WHERE batch = $1 AND action = $2 ORDER BY line DESC", batch, action
    )


async def mark_undone(batch: UUID) -> None:
    """The import was taken back."""
    await execute("UPDATE import_batch SET state = 'undone', undone_at = $2 WHERE id = $1", batch, clock.now())
