"""A member's stage as JSON."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import put
from litestar.params import FromPath, JSONBody

from tessera.members.api.rendering import member_json
from tessera.members.api.shapes import MemberOut
from tessera.members.service.stages import move_stage


class StageIn(msgspec.Struct, forbid_unknown_fields=True):
    """The stage to move to, and why."""

    stage: str
    reason: str = ""


@put("/members/{member_id:uuid}/stage", permission="members.write", operation_id="members.stage", tags=["members"])
async def set_stage(member_id: FromPath[UUID], data: JSONBody[StageIn]) -> MemberOut:
    """Move a member to a stage; where they stand in it already, nothing changes."""
    await move_stage(member_id, data.stage, data.reason)
    return await member_json(member_id, permission="members.write")


handlers = [set_stage]
