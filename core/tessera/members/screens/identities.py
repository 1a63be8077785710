"""Cards and ids of a member: more of them, which comes first, which were verified."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import Conflict, Invalid, NotFound, TooMany
from tessera.members import identities, service
from tessera.members.service import IdentityTaken
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE = "members/identities.html"

TAKEN = "taken"


@get("/members/{member_id:uuid}/identities", permission="members.write")
async def show(member_id: FromPath[UUID]) -> Template:
    """What identifies and reaches the member, and room for more."""
    return Template(PAGE, context={"form": Form(), **await _context(member_id)})


@post("/members/{member_id:uuid}/identities", permission="members.write")
async def add(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Add one; where another has it, it may have changed hands."""
    form = await read_form(request)
    kind, value = form["kind"], form["value"]
    try:
        if form.has(TAKEN, "moved"):
            await service.take_over(member_id, kind, value)
        else:
            await service.add_identity(member_id, kind, value, verified=form.has("verified", "yes"))
    except (Invalid, IdentityTaken, TooMany) as refusal:
        context = await _context(member_id)
        if isinstance(refusal, IdentityTaken):
            if form.has(TAKEN, "same") and "member" in refusal.facts:
                return done(f"/members/{refusal.facts['member']}")
            context |= await taken_context(refusal, kind)
        return shown_again(PAGE, form, refusal, context)
    return done(f"/members/{member_id}/identities", _("Saved."))


@post("/members/{member_id:uuid}/identities/{identity_id:uuid}", permission="members.write")
async def change(
    request: Request[Any, Any, Any], member_id: FromPath[UUID], identity_id: FromPath[UUID]
) -> Response[Any]:
    """Make one the first of its kind, mark it as verified or not, or remove it."""
    what = (await read_form(request))["do"]
    at = f"/members/{member_id}/identities"
    try:
        if what == "remove":
            await service.remove_identity(member_id, identity_id)
        elif what == "primary":
            await service.change_identity(member_id, identity_id, primary=True)
        else:
            await service.change_identity(member_id, identity_id, verified=what == "verified")
    except (Invalid, Conflict, NotFound) as refusal:
        return done(at, refusal.message, "danger")
    return done(at, _("Saved."))


async def taken_context(refusal: IdentityTaken, kind: str) -> dict[str, Any]:
    """What a page shows of an identity that is taken: whose it is, where that may be seen, and what apart."""
    found = refusal.facts.get("member")
    holders = await service.lines([UUID(found)]) if found else []
    view = await service.member(UUID(found)) if found else None
    writable = view is not None and await service.is_visible(view.id, "members.write")
    return {
        "taken": kind,
        "holder": holders[0] if holders else None,
        "holder_view": view,
        "may_move": writable,
        "ways": False,
    }


async def _context(member_id: UUID) -> dict[str, Any]:
    view = await service.member(member_id, permission="members.write")
    return {
        "member": view,
        "kinds": list(identities.LABELS.items()),
        "labels": identities.LABELS,
        "several": Counter(one.kind for one in view.identities if not one.is_contact),
        TAKEN: None,
    }


handlers = [show, add, change]
