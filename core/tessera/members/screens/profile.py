"""Adding a member, and changing what is known of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service as access
from tessera.kernel.errors import DomainError, Invalid
from tessera.members import labels, service
from tessera.members.custom_forms import custom_inputs, fill_custom, given_custom
from tessera.members.forms import changes_of, filled_in, new_member
from tessera.members.service import IdentityTaken, StaleVersion
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

FORM = "members/form.html"


@get("/members/new", permission="members.write")
async def new() -> Template:
    """The form for someone new."""
    return Template(FORM, context={"form": Form(), **_context(), "custom_inputs": await custom_inputs()})


@post("/members/new", permission="members.write")
async def add(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Make someone a member; a phone that is taken can be kept as a relative's."""
    form = await read_form(request)
    try:
        made = await service.create_member(replace(new_member(form), custom=await given_custom(form)))
    except (Invalid, IdentityTaken) as refusal:
        return shown_again(FORM, form, refusal, {**await _refused(refusal), "custom_inputs": await custom_inputs()})
    return done(f"/members/{made}", _("{name} is a member now.", name=form["name"] or _("The customer")))


@get("/members/{member_id:uuid}/edit", permission="members.write")
async def edit(member_id: FromPath[UUID]) -> Template:
    """The form with what is known."""
    view = await service.member(member_id, permission="members.write")
    form = await fill_custom(filled_in(view), view.id)
    inputs = await custom_inputs(view.id)
    return Template(FORM, context={"form": form, **_context(), "member": view, "custom_inputs": inputs})


@post("/members/{member_id:uuid}/edit", permission="members.write")
async def change(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Change a member; values that are masked stay unless they are written anew."""
    form = await read_form(request)
    view = await service.member(member_id, permission="members.write")
    version = int(form["version"]) if form["version"].isdigit() else 0
    try:
        changes = msgspec.structs.replace(changes_of(form, view), custom=await given_custom(form, view.id))
        await service.change_member(
            member_id, version, changes, when_taken="contact" if form.has("share", "yes") else "refuse"
        )
    except (Invalid, IdentityTaken, StaleVersion) as refusal:
        context = {**await _refused(refusal), "custom_inputs": await custom_inputs(view.id)}
        return shown_again(FORM, form, refusal, {**context, "member": view})
    return done(f"/members/{member_id}", _("Saved."))


def _context() -> dict[str, Any]:
    """What the form offers to choose from."""
    allowed = service.writing_stores()
    stores = [s for s in access.stores() if s.active and (allowed is None or s.id in allowed)]
    return {
        "member": None,
        "holder": None,
        "taken": None,
        "genders": [("", _("Not said")), *labels.GENDERS.items()],
        "stores": [(store.code, store.name) for store in stores],
    }


async def _refused(refusal: DomainError) -> dict[str, Any]:
    """What the form shows of an identity that is taken: whose it is, where that may be seen."""
    context = _context()
    if isinstance(refusal, IdentityTaken):
        context["taken"] = refusal.facts.get("field")
        holder = refusal.facts.get("member")
        context["holder"] = (await service.lines([UUID(holder)]))[0] if holder else None
    return context


handlers = [new, add, edit, change]
