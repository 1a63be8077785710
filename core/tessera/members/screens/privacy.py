"""Requests of a person about themselves: all that is known of them as a file, and their erasure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.members import service
from tessera.members.service import erasing, telling
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE = "members/erase.html"


@get("/members/{member_id:uuid}/export", permission=telling.PERMISSION)
async def export(member_id: FromPath[UUID]) -> Response[bytes]:
    """All that is known of a member, as a file."""
    told = await telling.export_member(member_id)
    return Response(
        msgspec.json.format(msgspec.json.encode(told), indent=2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{told.member["number"]}.json"'},
    )


@get("/members/{member_id:uuid}/erase", permission=erasing.PERMISSION)
async def ask(member_id: FromPath[UUID]) -> Template:
    """What an erasure does, and the words that confirm it."""
    return Template(PAGE, context={"form": Form.of(reason="request"), **await _context(member_id)})


@post("/members/{member_id:uuid}/erase", permission=erasing.PERMISSION)
async def erase(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Erase a member whose number was typed."""
    form = await read_form(request)
    context = await _context(member_id)
    try:
        if form["number"].upper() != context["member"].number:
            message = _("type the member's number as it stands above")
            raise Invalid(message, [FieldError("number", message)])
        await erasing.erase(member_id, form["reason"])
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, context)
    return done("/members", _("The member was erased."))


async def _context(member_id: UUID) -> dict[str, Any]:
    return {
        "member": await service.member(member_id, permission=erasing.PERMISSION),
        "reasons": list(erasing.REASONS.items()),
    }


handlers = [export, ask, erase]
