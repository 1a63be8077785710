"""Members as JSON, with what the rooms above know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.members.api.shapes import MemberOut
from tessera.members.service import MemberView
from tessera.members.service.reveal import note_whole

Part = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]

_parts: dict[str, Part] = {}


def register_member_part(name: str, read: Part) -> None:
    """Let a room above fill a field of members as JSON (``balances``, ``tier``, ``last_purchase_at``).

    ``read`` is asked once for many members; those it leaves out keep the field's default.
    """
    if name not in MemberOut.__struct_fields__:
        raise LookupError(f'members as JSON have no field "{name}"')
    _parts[name] = read


async def members_json(views: Sequence[MemberView]) -> list[MemberOut]:
    """Members as JSON, with what the rooms above know of them; readable values are audited, once for all."""
    await note_whole(views)
    ids = [view.id for view in views]
    parts = {name: await read(ids) for name, read in _parts.items()} if ids else {}
    return [_out(view, {name: known[view.id] for name, known in parts.items() if view.id in known}) for view in views]


async def member_json(view: MemberView) -> MemberOut:
    """One member as JSON."""
    return (await members_json([view]))[0]


def _out(view: MemberView, parts: Mapping[str, Any]) -> MemberOut:
    store = access.store_of(view.store)
    return MemberOut(
        id=view.id,
        number=view.number,
        name=view.name,
        phone=view.phone,
        email=view.email,
        gender=view.gender,
        birthday=str(view.birthday) if view.birthday else None,
        address=view.address,
        language=view.language,
        timezone=view.timezone,
        store=store.code if store else None,
        source=view.source,
        stage=view.stage,
        joined_at=view.joined_on,
        created_at=view.created_at,
        updated_at=view.updated_at,
        version=view.version,
        **parts,
    )
