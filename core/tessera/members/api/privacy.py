"""All that is known of one member, and the erasure of one, as JSON."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from tessera.members.service import erasing, telling
from tessera.members.service.telling import MemberTold


class ErasureIn(msgspec.Struct, forbid_unknown_fields=True):
    """Why someone is erased: ``request``, ``mistake``, ``retention`` or ``other``."""

    reason: str = "request"


class ErasureOut(msgspec.Struct):
    """The row that stays of someone who was erased."""

    id: UUID
    erased: bool = True


@get(
    "/members/{member_id:uuid}/export",
    permission=telling.PERMISSION,
    operation_id="members.export",
    tags=["members"],
)
async def export(member_id: FromPath[UUID]) -> MemberTold:
    """All that is known of one member, whole: for a request of that person."""
    return await telling.export_member(member_id)


@post(
    "/members/{member_id:uuid}/erase",
    permission=erasing.PERMISSION,
    operation_id="members.erase",
    tags=["members"],
    status_code=200,
)
async def erase(member_id: FromPath[UUID], data: JSONBody[ErasureIn | None] = None) -> ErasureOut:
    """Take a person out of everything, for good; without a body because they asked for it."""
    return ErasureOut(await erasing.erase(member_id, data.reason if data is not None else "request"))


handlers = [export, erase]
