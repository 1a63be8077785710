"""Who is responsible for a member, and handing over what one person has in hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service as access
from tessera.kernel.errors import DomainError
from tessera.members import service
from tessera.members.service import responsible
from tessera.web.forms import Form, done, id_of, read_form, shown_again
from tessera_hooks import _

ONE = "members/responsible.html"
MANY = "members/hand_over.html"


async def _context(member_id: UUID) -> dict[str, Any]:
    view = await service.member(member_id, permission="members.write")
    return {
        "member": view,
        "responsible": (await responsible.responsible_of(view.id)).values(),
        "roles": await responsible.choices(),
        "people": await responsible.candidates(view.id),
    }


@get("/members/{member_id:uuid}/responsible", permission="members.write")
async def show(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Template:
    """Who is responsible, and the form to change it."""
    form = Form.of(role=request.query_params.get("role", ""))
    return Template(ONE, context={"form": form, **await _context(member_id)})


@post("/members/{member_id:uuid}/responsible", permission="members.write")
async def change(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Make someone responsible in a role, or nobody."""
    form = await read_form(request)
    context = await _context(member_id)
    try:
        staff = id_of(form["staff"]) if form["staff"] else None
        await responsible.set_responsible(member_id, form["role"], staff)
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, context)
    return done(f"/members/{member_id}", _("Saved."))


async def _in_hand(staff: UUID) -> dict[str, Any]:
    person = await access.managed(staff)
    return {
        "person": person,
        "counts": await responsible.counts_of(staff),
        "members": await responsible.members_of(staff),
        "people": [(str(p.id), p.name) for p in await access.list_staff() if p.active and p.id != staff],
    }


@get("/settings/staff/{staff:uuid}/members", permission="staff.write")
async def show_in_hand(staff: FromPath[UUID]) -> Template:
    """The members that someone is responsible for, and the form that gives them to others."""
    return Template(MANY, context={"form": Form(), **await _in_hand(staff)})


@post("/settings/staff/{staff:uuid}/members", permission="staff.write")
async def hand_over(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Give all of them, those of one role, or some chosen ones, to a colleague."""
    form = await read_form(request)
    context = await _in_hand(staff)
    try:
        to = (await access.managed(id_of(form["to"]))).id
        chosen = [id_of(text) for text in form.all("members")] or None
        moved = await responsible.hand_over(staff, to, form["role"] or None, chosen)
    except DomainError as refusal:
        return shown_again(MANY, form, refusal, context)
    return done(f"/settings/staff/{staff}/members", _("{n} members have someone new.", n=moved))


handlers = [show, change, show_in_hand, hand_over]
