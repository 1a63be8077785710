"""How records read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tessera.records import rows
from tessera.records.kinds import Kind
from tessera.records.present import summary
from tessera_hooks import Happened, TimelineEntry, TimelineReader


def reader(kind: Kind) -> TimelineReader:
    """Reads many events of one record type with one query; what one may not see keeps its bare title."""

    async def read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
        by_record = {UUID(str(e.payload["record"])): e.id for e in events}
        seen = await rows.by_ids(kind, list(by_record))
        return {
            by_record[id_]: TimelineEntry(kind.title, summary(entry), f"{kind.url}/{id_}")
            for id_, entry in seen.items()
        }

    return read
