"""Merging two members and undoing it as JSON."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from tessera.kernel.texts import translate
from tessera.members.api.rendering import member_json
from tessera.members.api.shapes import MemberOut
from tessera.members.service import merging

PERMISSION = "members.merge"


class MergeIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who lives on in the member of the address; ``choices`` says of fields whose value stands.

    Fields are named as in a member, and ``custom:<code>``, ``<plugin>.<record type>``. What is not named is
    the survivor's, and the other's where the survivor has nothing.
    """

    other: UUID
    choices: dict[str, Literal["survivor", "other"]] = {}


class MergeOut(msgspec.Struct):
    """A merge by its id, and the member that both are now."""

    merge: UUID
    member: MemberOut


class UndoIn(msgspec.Struct, forbid_unknown_fields=True):
    """``force`` undoes a merge also where the survivor spent points of the other: the survivor pays them."""

    force: bool = False


class UndoOut(msgspec.Struct):
    """The two members, who are two again, and what stays with the first, in words."""

    merge: UUID
    member: MemberOut
    other: MemberOut
    stayed: list[str]


@post(
    "/members/{member_id:uuid}/merge",
    permission=PERMISSION,
    operation_id="members.merge",
    tags=["members"],
    status_code=200,
)
async def merge(member_id: FromPath[UUID], data: JSONBody[MergeIn]) -> MergeOut:
    """Make two members one: the other lives on in the member of the address, whose id it answers to from then on."""
    choices = {_FIELDS.get(name, name): side for name, side in data.choices.items()}
    done = await merging.merge(member_id, data.other, choices)
    return MergeOut(done.merge, await member_json(done.member, permission=PERMISSION))


_FIELDS = {"joined_at": "joined_on"}
"""Fields that have another name in JSON."""


@post(
    "/merges/{merge_id:uuid}/undo",
    permission=PERMISSION,
    operation_id="members.unmerge",
    tags=["members"],
    status_code=200,
)
async def undo(merge_id: FromPath[UUID], data: JSONBody[UndoIn | None] = None) -> UndoOut:
    """Undo a merge; 409 ``merge_in_use`` says which entries of the survivor stand against it."""
    done = await merging.undo(merge_id, force=data is not None and data.force)
    survivor, other = [await member_json(one, permission=PERMISSION) for one in (done.survivor, done.other)]
    return UndoOut(done.merge, survivor, other, [translate(said) for said in done.stayed])


handlers = [merge, undo]
