"""The buttons on a member's page by which staff note deeds, such as an own cup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from tessera.access.actor import actor
from tessera.kernel.errors import DomainError
from tessera.members.service import need_visible
from tessera.points.service.deeds import deed_title, deeds_by_hand, note_deed
from tessera.web.forms import done, read_form
from tessera_hooks import _


async def deeds_action(member: UUID | None) -> Mapping[str, Any] | None:
    """What can be noted where someone works now; nothing where no rule is in force for it."""
    choices = deeds_by_hand(actor().store)
    return {"member": member, "deeds": choices} if member is not None and choices else None


@post("/members/{member:uuid}/deeds", permission="points.write")
async def add_deed(request: Request[Any, Any, Any], member: FromPath[UUID]) -> Response[Any]:
    """Note a deed, and say what it brought."""
    deed, here = (await read_form(request))["deed"], await need_visible(member, "points.write")
    try:
        entries = await note_deed(here, deed, store=actor().store)
    except DomainError as refusal:
        return done(f"/members/{here}", refusal.message, "info")
    points = sum(entry.amount for entry in entries)
    return done(f"/members/{here}", _("{deed}: {n} points", deed=deed_title(deed), n=points))


handlers = [add_deed]
