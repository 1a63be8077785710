"""Events: what happened, written in the transaction in which it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.kernel import clock
from tessera.kernel.database import copy_records, execute, in_transaction_now
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.host import host
from tessera_hooks import Happened

Origin = Literal["live", "import"]

_origin: ContextVar[Origin] = ContextVar("origin", default="live")
_batch: ContextVar[UUID | None] = ContextVar("import_batch", default=None)


def current_origin() -> Origin:
    """Whether what is being written happens now or is history."""
    return _origin.get()


def current_batch() -> UUID | None:
    """The import that is being loaded, if one is."""
    return _batch.get()


@contextmanager
def importing(batch: UUID, origin: Origin = "import") -> Iterator[None]:
    """Within the block facts belong to an import: history, unless the importer says ``live``."""
    tokens = _origin.set(origin), _batch.set(batch)
    try:
        yield
    finally:
        _origin.reset(tokens[0])
        _batch.reset(tokens[1])


@contextmanager
def history() -> Iterator[None]:
    """Within the block events tell of what was so before, though no import brings them: they start nothing."""
    token = _origin.set("import")
    try:
        yield
    finally:
        _origin.reset(token)


def event_row(
    kind: str,
    /,
    *,
    member: UUID | None = None,
    store: UUID | None = None,
    occurred_at: datetime | None = None,
    **payload: Any,
) -> tuple[Any, ...]:
    """The row of an event, checked against its declaration, for ``write_events``."""
    known = host().event_kinds.get(kind)
    if known is None:
        raise LookupError(f'event "{kind}" is not declared: add it to the hook events()')
    checked = msgspec.convert(payload, known.event.payload, from_attributes=False)
    moment = clock.now()
    return (
        uuid7(),
        kind,
        known.event.version,
        _origin.get(),
        known.plugin,
        member,
        store,
        _batch.get(),
        occurred_at or moment,
        moment,
        msgspec.json.encode(checked).decode(),
    )


COLUMNS = (
    "id",
    "kind",
    "version",
    "origin",
    "plugin",
    "member",
    "store",
    "batch",
    "occurred_at",
    "recorded_at",
    "payload",
)

_INSERT = f"INSERT INTO event ({', '.join(COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb)"

_NAMES = ", ".join(COLUMNS)

INSERT_JSON = f"INSERT INTO event ({_NAMES}) SELECT {_NAMES} FROM json_populate_recordset(NULL::event, {{rows}})"
"""SQL that writes the rows of ``as_json``, to stand among the parts of a larger statement."""


def as_json(rows: list[tuple[Any, ...]]) -> str:
    """The rows of events as one JSON array."""
    named = [dict(zip(COLUMNS, [*row[:-1], msgspec.Raw(row[-1].encode())], strict=True)) for row in rows]
    return msgspec.json.encode(named).decode()


async def emit(
    kind: str,
    /,
    *,
    member: UUID | None = None,
    store: UUID | None = None,
    occurred_at: datetime | None = None,
    **payload: Any,
) -> UUID:
    """Write an event in the running unit of work and answer its id.

    ``payload`` must fit what the kind declares: ids, codes and numbers, no personal values.
    """
    if not in_transaction_now():
        raise RuntimeError(f'event "{kind}" was emitted outside a unit of work: call emit inside in_transaction')
    row = event_row(kind, member=member, store=store, occurred_at=occurred_at, **payload)
    await execute(_INSERT, *row)
    id_: UUID = row[0]
    return id_


async def write_events(rows: list[tuple[Any, ...]]) -> None:
    """Write many events at once, in the running unit of work."""
    if rows:
        await copy_records("event", rows, COLUMNS)


def happened(row: Any) -> Happened:
    """An event's row as reactions and readers see it."""
    return Happened(
        id=row["id"],
        position=row["position"] or 0,
        kind=row["kind"],
        version=row["version"],
        origin=row["origin"],
        member=row["member"],
        store=row["store"],
        occurred_at=row["occurred_at"],
        payload=row["payload"],
    )
