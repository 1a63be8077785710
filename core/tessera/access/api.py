"""The audit as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromQuery, QueryParameter

from tessera.access.audit import reading
from tessera.access.service.stores import store_of

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class AuditOut(msgspec.Struct):
    """One act; ``seal`` is the number of the batch that sealed it, ``null`` while it is not sealed."""

    id: UUID
    at: datetime
    action: str
    label: str
    actor_kind: str
    actor: UUID | None
    actor_label: str
    member: UUID | None
    subject_kind: str
    subject: UUID | None
    store: str | None
    fields: list[str]
    rows: int | None
    facts: dict[str, Any]
    seal: int | None

    @classmethod
    def of(cls, row: reading.Row) -> AuditOut:
        """A row as programs see it."""
        named = {name: getattr(row, name) for name in cls.__struct_fields__}
        store = store_of(row.store)
        return cls(**{**named, "store": store.code if store else None, "label": str(row.label)})


class AuditPage(msgspec.Struct):
    """Some rows, newest first, and how to ask for more."""

    items: list[AuditOut]
    next: UUID | None


@get("/audit", permission=reading.PERMISSION, operation_id="audit.list", tags=["audit"])
async def list_audit(
    action: FromQuery[str | None] = None,
    actor: FromQuery[UUID | None] = None,
    member: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> AuditPage:
    """Who did and saw what, newest first; ``after`` leaves out the row of that id and all before it."""
    wanted = reading.Filter(action=action, actor=actor, member=member, after=after)
    page = await reading.page(wanted, cursor=cursor, limit=limit)
    return AuditPage([AuditOut.of(row) for row in page.items], page.next)


handlers = [list_audit]
