"""What members are to each other, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from tessera.members import service
from tessera.members.service import LinkView

Role = Literal["guardian", "child", "payer", "paid_for", "household", "employer", "employee", "referrer", "referred"]


class LinkIn(msgspec.Struct, forbid_unknown_fields=True):
    """What another member is to this one; an employer may be a name alone, in ``label``."""

    role: Role
    member: UUID | None = None
    label: str = ""
    since: date | None = None
    until: date | None = None


class LinkOut(msgspec.Struct):
    """A link as this member sees it; ``ended`` where its last day has passed."""

    id: UUID
    role: str
    member: UUID | None
    name: str
    phone: str | None
    label: str
    since: date | None
    until: date | None
    ended: bool


class Links(msgspec.Struct):
    """The links of a member to those whom the key may see."""

    items: list[LinkOut]


def _out(one: LinkView) -> LinkOut:
    other = one.other
    return LinkOut(
        one.id,
        one.role,
        other.id if other else None,
        other.name if other else one.label,
        other.phone if other else None,
        one.label,
        one.since,
        one.until,
        one.ended,
    )


@get("/members/{member_id:uuid}/links", permission="members.read", operation_id="members.links", tags=["members"])
async def list_links(member_id: FromPath[UUID]) -> Links:
    """Guardians, children, payers, household and employer; phones are masked."""
    return Links([_out(one) for one in await service.links_of(member_id)])


@post("/members/{member_id:uuid}/links", permission="members.write", operation_id="members.link", tags=["members"])
async def add(member_id: FromPath[UUID], data: JSONBody[LinkIn]) -> LinkOut:
    """Link two members; the same link again takes the new label and dates."""
    made = await service.link(member_id, data.role, data.member, label=data.label, since=data.since, until=data.until)
    return next(_out(one) for one in await service.links_of(member_id) if one.id == made)


@delete(
    "/members/{member_id:uuid}/links/{link_id:uuid}",
    permission="members.write",
    operation_id="members.unlink",
    tags=["members"],
)
async def remove(member_id: FromPath[UUID], link_id: FromPath[UUID]) -> None:
    """Take a link away, from either end."""
    await service.unlink(member_id, link_id)


handlers = [list_links, add, remove]
