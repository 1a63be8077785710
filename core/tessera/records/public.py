"""Records as plugins use them in their own code: by table, never by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.kernel.plugins import host
from tessera.records import reach, rows, service
from tessera.records.kinds import Kind, kinds
from tessera.records.rows import Entry
from tessera.records.tables import Record


def kind_for(table: type[Record]) -> Kind:
    """The record type that was declared for a table."""
    for kind in kinds(host()):
        if kind.type.table is table:
            return kind
    raise LookupError(f"{table.__name__} belongs to no declared record type: add it to the hook record_types()")


async def add_record(
    table: type[Record], member: UUID, values: Mapping[str, Any], *, store: UUID | str | None = None
) -> Entry:
    """Record something about a member: checked, with derived values and its event, like a form that was sent.

    ``values`` may hold ``recorded_on`` (today unless given) and ``note`` beside the fields.
    """
    return await service.record(kind_for(table), member, values, store=store)


async def latest_records(table: type[Record], members: Sequence[UUID]) -> Mapping[UUID, Entry]:
    """The latest record of each member who has one, as far as the actor may see them."""
    return await rows.latest_of(kind_for(table), members)


async def records_of(table: type[Record], member: UUID, limit: int = 50) -> Sequence[Entry]:
    """A member's records, newest first."""
    return (await rows.page(kind_for(table), member=member, limit=limit)).items


async def records_today(table: type[Record]) -> Sequence[Entry]:
    """Today's records in the stores one works in, newest first."""
    day = reach.today_here()
    return (await rows.page(kind_for(table), day=day, limit=rows.MOST)).items
