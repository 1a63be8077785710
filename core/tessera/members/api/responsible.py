"""Who is responsible for a member, as JSON."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import FromPath, JSONBody

from tessera.access import service as access
from tessera.access.service import StaffUnknown
from tessera.members import service
from tessera.members.service import responsible as who
from tessera_hooks import _


class ResponsibleIn(msgspec.Struct, forbid_unknown_fields=True):
    """The login of who is responsible from here on; null for nobody."""

    staff: str | None


class ResponsibleOut(msgspec.Struct):
    """Who is responsible for a member in a role; ``staff`` is their login, null for nobody."""

    role: str
    staff: str | None
    name: str | None
    since: datetime | None


async def _of(member: UUID, role: str) -> ResponsibleOut:
    code = access.role(role).code
    found = (await who.responsible_of(member)).get(code)
    if found is None:
        return ResponsibleOut(code, None, None, None)
    return ResponsibleOut(code, found.login, found.name, found.since)


@get(
    "/members/{member_id:uuid}/responsible/{role:str}",
    permission="members.read",
    operation_id="members.responsible",
    tags=["members"],
)
async def read(member_id: FromPath[UUID], role: FromPath[str]) -> ResponsibleOut:
    """Who is responsible for a member in a role."""
    return await _of(await service.need_visible(member_id), role)


@put(
    "/members/{member_id:uuid}/responsible/{role:str}",
    permission="members.write",
    operation_id="members.set_responsible",
    tags=["members"],
)
async def change(member_id: FromPath[UUID], role: FromPath[str], data: JSONBody[ResponsibleIn]) -> ResponsibleOut:
    """Make someone responsible for a member in a role, or nobody."""
    member = await service.need_visible(member_id, "members.write")
    try:
        staff = (await access.by_login(data.staff)).id if data.staff is not None else None
        member = await who.set_responsible(member, role, staff)
    except StaffUnknown:
        # whoever works in another circle is not told apart from nobody
        raise StaffUnknown(_('nobody signs in as "{login}"', login=data.staff), field="staff") from None
    return await _of(member, role)


handlers = [read, change]
