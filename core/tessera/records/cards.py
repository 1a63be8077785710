"""The piece of a member's page that shows their latest record and leads to the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from tessera.records import present, reach, rows
from tessera.records.kinds import Kind

POINTS = 24
"""Records that the small trend looks back on."""


def context(kind: Kind) -> Callable[[UUID | None], Awaitable[Mapping[str, Any] | None]]:
    """What the card of a record type needs; nothing where there is neither a record nor a right to make one."""

    async def of_member(member: UUID | None) -> Mapping[str, Any] | None:
        if member is None:
            return None
        found = (await rows.page(kind, member=member, limit=POINTS)).items
        may_write = bool(reach.writing_stores(kind))
        if not found and not may_write:
            return None
        return {
            "kind": kind,
            "member": member,
            "latest": found[0] if found else None,
            "shown": present.shown(found[0], found[1] if len(found) > 1 else None) if found else [],
            "trend": trend(kind, found),
            "may_write": may_write,
        }

    return of_member


def trend(kind: Kind, found: list[rows.Entry]) -> dict[str, Any] | None:
    """The first number with a trend."""
    charts = (present.chart(kind, name, found) for name in kind.charted)
    return next((spec for spec in charts if spec), None)
