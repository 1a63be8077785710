"""Finding a member by an exact identity, as JSON."""

from __future__ import annotations

import msgspec
from litestar import post
from litestar.params import JSONBody

from tessera.members import service
from tessera.members.api.rendering import member_json
from tessera.members.api.shapes import MemberOut


class LookupIn(msgspec.Struct, forbid_unknown_fields=True):
    """An identity with its kind, ``phone:13800138000``, or a member number, ``number:100001``."""

    identity: str


@post("/members/lookup", status_code=200, permission="members.read", operation_id="members.lookup", tags=["members"])
async def lookup(data: JSONBody[LookupIn]) -> MemberOut:
    """The member of an exact identity, anywhere in the circle of the key's stores; audited and counted."""
    return await member_json(await service.lookup(data.identity))


handlers = [lookup]
