"""A phone or an address that is someone else's already: it is a relative's, or it has changed hands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET

from tessera.kernel.database import fetchval, in_transaction
from tessera.members.identities import find_by_identity
from tessera.members.service.change import Changes, change_member
from tessera.members.service.create import NewMember, create_member
from tessera.members.service.identities import remove_identity, take_over
from tessera.members.service.links import link
from tessera.members.service.scope import is_visible

Way = Literal["relative", "moved"]
Kind = Literal["phone", "email"]


async def create_although_taken(new: NewMember, kind: Kind, way: Way, role: str = "") -> UUID:
    """Make someone a member whose phone or address another has, and answer their id.

    ``relative``: it becomes a contact of the new member, who is linked to the other by ``role`` (what the
    other is to them) where the actor may see the other. ``moved``: it is the new member's from now on.
    """

    async def work() -> UUID:
        value = getattr(new, kind) or ""
        if way == "moved":
            without: Any = {kind: None}
            made = await create_member(replace(new, **without))
            await take_over(made, kind, value, field=kind)
            return made
        holder = await _visible_holder(kind, value)
        made = await create_member(replace(new, when_taken="contact"))
        await _link(made, holder, role)
        return made

    return await in_transaction(work)


async def change_although_taken(
    member: UUID, version: int, changes: Changes, kind: Kind, way: Way, role: str = ""
) -> None:
    """Change a member whose new phone or address another has; as ``create_although_taken``.

    What has moved takes the place of the phone or address that the member had first.
    """

    async def work() -> None:
        value = str(getattr(changes, kind) or "")
        if way == "moved":
            before: UUID | None = await fetchval(
                "SELECT id FROM identity WHERE member = $1 AND kind = $2 AND is_primary", member, kind
            )
            await change_member(member, version, msgspec.structs.replace(changes, **{kind: UNSET}))
            moved = await take_over(member, kind, value, field=kind)
            if before is not None and before != moved:
                await remove_identity(member, before)
            return
        holder = await _visible_holder(kind, value)
        await change_member(member, version, changes, when_taken="contact")
        await _link(member, holder, role)

    await in_transaction(work)


async def _visible_holder(kind: Kind, value: str) -> UUID | None:
    holder = await find_by_identity(f"{kind}:{value}")
    return holder if holder is not None and await is_visible(holder) else None


async def _link(member: UUID, holder: UUID | None, role: str) -> None:
    if holder is not None and holder != member and role:
        await link(member, role, holder)
