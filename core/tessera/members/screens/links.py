"""Family, payers and employers of a member: shown, found, added, taken away."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound, TooMany
from tessera.members import service
from tessera.members.labels import TIES
from tessera.members.normalise import Unusable, parse_date
from tessera.members.service import IdentityTaken, NewMember
from tessera.members.service.links import role_labels
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE, FOUND = "members/links.html", "members/link_found.html"

MOST = 8
"""Members who are offered as the other end while someone types."""


@get("/members/{member_id:uuid}/links", permission="members.write")
async def show(member_id: FromPath[UUID]) -> Template:
    """Whom the member is linked to, and room for one more."""
    return Template(PAGE, context={"form": Form(), **await _context(member_id)})


@post("/members/{member_id:uuid}/links/find", status_code=200, permission="members.write")
async def find(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Template:
    """Those who may be meant, as one types."""
    await service.need_visible(member_id, "members.write")
    typed = (await read_form(request))["q"]
    found = [one for one in await service.search(typed, MOST + 1) if one.id != member_id] if typed else []
    return Template(FOUND, context={"found": found[:MOST], "q": typed, "chosen": None})


@post("/members/{member_id:uuid}/links", permission="members.write")
async def add(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Link the member to one who was found, or to someone who is made a prospect with it."""
    form = await read_form(request)
    try:
        await _link(member_id, form)
    except (Invalid, Conflict, NotFound, TooMany) as refusal:
        context = await _context(member_id)
        if isinstance(refusal, IdentityTaken) and refusal.facts.get("member"):
            context["found"] = await service.lines([UUID(refusal.facts["member"])])
            context["chosen"] = str(context["found"][0].id)
            form.errors["new_phone"] = ""
        return shown_again(PAGE, form, refusal, context)
    return done(f"/members/{member_id}", _("They are linked."))


async def _link(member_id: UUID, form: Form) -> None:
    role, label = form["role"], form["label"]
    if form["other"]:
        since, until = _day(form, "since"), _day(form, "until")
        await service.link(member_id, role, _id(form["other"]), label=label, since=since, until=until)
    elif form["new_name"] or form["new_phone"]:
        new = NewMember(name=form["new_name"], phone=form["new_phone"] or None, source=str(TIES.get(role, "")))
        await service.link_new(member_id, role, new, label=label)
    else:
        await service.link(member_id, role, None, label=label)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise service.unknown() from None


def _day(form: Form, name: str) -> date | None:
    try:
        return parse_date(form[name]) if form[name] else None
    except Unusable as refusal:
        raise Invalid(refusal.reason, [FieldError(name, refusal.reason)]) from None


@post("/members/{member_id:uuid}/links/{link_id:uuid}/remove", permission="members.write")
async def remove(member_id: FromPath[UUID], link_id: FromPath[UUID]) -> Response[Any]:
    """Take a link away."""
    try:
        await service.unlink(member_id, link_id)
    except NotFound as refusal:
        return done(f"/members/{member_id}/links", refusal.message, "danger")
    return done(f"/members/{member_id}/links", _("They are no longer linked."))


async def _context(member_id: UUID) -> dict[str, Any]:
    return {
        "member": await service.member(member_id, permission="members.write"),
        "links": await service.links_of(member_id),
        "roles": role_labels(),
        "ties": TIES,
        "found": [],
        "chosen": None,
        "q": "",
    }


handlers = [show, find, add, remove]
