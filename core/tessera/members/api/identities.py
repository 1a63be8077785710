"""What identifies a member, as JSON; ids stand in addresses, never values."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody

from tessera.members import service
from tessera.members.service import IdentityView
from tessera.members.service.reveal import note_whole


class NewIdentity(msgspec.Struct, forbid_unknown_fields=True):
    """One more identity: ``phone``, ``card``, ``resident_id``, ``external`` (``system:id``) …"""

    kind: str
    value: str
    primary: bool = False
    verified: bool = False


class IdentityPatch(msgspec.Struct, forbid_unknown_fields=True):
    """What is to change: ``primary`` true makes it the first of its kind."""

    primary: bool | None = None
    verified: bool | None = None


class IdentityOut(msgspec.Struct):
    """One identity, masked unless the key may see it; a ``contact`` reaches the member and identifies another."""

    id: UUID
    kind: str
    value: str
    primary: bool
    verified: bool
    contact: bool


class Identities(msgspec.Struct):
    """All that identifies and reaches a member."""

    items: list[IdentityOut]


def _out(one: IdentityView) -> IdentityOut:
    return IdentityOut(one.id, one.kind, one.value, one.is_primary, one.verified, one.is_contact)


async def _all(member: UUID, permission: str = "members.read") -> list[IdentityOut]:
    view = await service.member(member, permission=permission)
    await note_whole([view])
    return [_out(one) for one in view.identities]


async def _one(member: UUID, identity: UUID) -> IdentityOut:
    return next(one for one in await _all(member, "members.write") if one.id == identity)


@get(
    "/members/{member_id:uuid}/identities",
    permission="members.read",
    operation_id="members.identities",
    tags=["members"],
)
async def list_identities(member_id: FromPath[UUID]) -> Identities:
    """What identifies and reaches a member, the first of each kind before the others."""
    return Identities(await _all(member_id))


@post(
    "/members/{member_id:uuid}/identities",
    permission="members.write",
    operation_id="members.add_identity",
    tags=["members"],
)
async def add(member_id: FromPath[UUID], data: JSONBody[NewIdentity]) -> IdentityOut:
    """Give a member one more identity; one they have already is answered as it is."""
    added = await service.add_identity(member_id, data.kind, data.value, primary=data.primary, verified=data.verified)
    return await _one(member_id, added)


@patch(
    "/members/{member_id:uuid}/identities/{identity_id:uuid}",
    permission="members.write",
    operation_id="members.change_identity",
    tags=["members"],
)
async def change(member_id: FromPath[UUID], identity_id: FromPath[UUID], data: JSONBody[IdentityPatch]) -> IdentityOut:
    """Make an identity the first of its kind, or say whether it was verified."""
    await service.change_identity(member_id, identity_id, primary=data.primary or False, verified=data.verified)
    return await _one(member_id, identity_id)


@delete(
    "/members/{member_id:uuid}/identities/{identity_id:uuid}",
    permission="members.write",
    operation_id="members.remove_identity",
    tags=["members"],
)
async def remove(member_id: FromPath[UUID], identity_id: FromPath[UUID]) -> None:
    """Take an identity or a contact from a member."""
    await service.remove_identity(member_id, identity_id)


handlers = [list_identities, add, change, remove]
