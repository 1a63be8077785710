"""Revealing one value on a page, which hides again by itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.members.service import reveal as service
from tessera.web.forms import read_form

PIECE = "members/sealed_value.html"


@post("/members/{member_id:uuid}/reveal", permission="members.reveal", status_code=200)
async def reveal(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Template:
    """The value in the place of its mask, for a minute."""
    field = (await read_form(request))["field"]
    value = await service.reveal(member_id, field)
    return Template(PIECE, context={"member_id": member_id, "field": field, "value": value})


@get("/members/{member_id:uuid}/masked", permission="members.read")
async def hide(member_id: FromPath[UUID], field: FromQuery[str]) -> Template:
    """The mask again."""
    context = {
        "member_id": member_id,
        "field": field,
        "value": None,
        "masked": await service.masked(member_id, field),
        "revealable": await service.may_reveal_of(member_id),
    }
    return Template(PIECE, context=context)


handlers = [reveal, hide]
