"""One sealed value of a member, as JSON."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from tessera.members.service import reveal as service


class RevealIn(msgspec.Struct, forbid_unknown_fields=True):
    """Which value: ``phone``, ``email``, ``address``, ``identity:ID`` or ``custom:CODE``."""

    field: str


class RevealOut(msgspec.Struct):
    """The value as it is."""

    field: str
    value: str


@post(
    "/members/{member_id:uuid}/reveal",
    permission="members.reveal",
    operation_id="members.reveal",
    tags=["members"],
    status_code=200,
)
async def reveal(member_id: FromPath[UUID], data: JSONBody[RevealIn]) -> RevealOut:
    """One value of a member, readable; the audit notes it."""
    return RevealOut(data.field, await service.reveal(member_id, data.field))


handlers = [reveal]
