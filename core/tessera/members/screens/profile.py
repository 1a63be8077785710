"""Adding a member, and changing what is known of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template
from msgspec import UNSET

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.errors import Conflict, DomainError, FieldError, Invalid, TooMany
from tessera.kernel.texts import LOCALES
from tessera.members import labels, service
from tessera.members.birthdays import LUNAR_DAYS, LUNAR_MONTHS
from tessera.members.custom_forms import custom_inputs, fill_custom, given_custom
from tessera.members.forms import changes_of, filled_in, new_member
from tessera.members.screens.identities import taken_context
from tessera.members.service import Changes, GuardianNeeded, IdentityTaken, MemberView, NewMember
from tessera.members.service.taken import Kind, Way, change_although_taken, create_although_taken
from tessera.web.forms import Form, done, own_path, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

FORM = "members/form.html"

WAYS: dict[str, Way] = {"relative": "relative", "moved": "moved"}
KINDS: dict[str, Kind] = {"phone": "phone", "email": "email"}


@get("/members/new", permission="members.write")
async def new(goal: FromQuery[str] = "") -> Template:
    """The form for someone new; ``goal`` is the page of ours that waits for them."""
    form = Form.of(calendar="solar", goal=own_path(goal, ""))
    return Template(FORM, context={"form": form, **_context(), "custom_inputs": await custom_inputs()})


@post("/members/new", permission="members.write")
async def add(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Make someone a member; where a phone is taken, the form asks what it is and goes on by the answer."""
    form = await read_form(request)
    try:
        new = replace(new_member(form), custom=await given_custom(form))
        made = await _made(new, form)
    except (Invalid, Conflict, TooMany) as refusal:
        if is_same(form, refusal):
            return done(_after(form, refusal.facts["member"]), _("They were a member already."))
        if isinstance(refusal, GuardianNeeded):
            refusal.errors = [FieldError("agreed", refusal.message)]
        return shown_again(FORM, form, refusal, {**await _refused(refusal), "custom_inputs": await custom_inputs()})
    told = _("{name} is a member now.", name=form["name"] or _("The customer"))
    if any(kind == "resident_id" for kind, _value in new.identities):
        told = _("{name} is a member now. Birthday and gender are those of the resident id.", name=form["name"])
    return done(_after(form, made), told)


def _after(form: Form, member: UUID) -> str:
    """Where to go with the new member: to who waits for one, else to the member's own page."""
    goal = own_path(form["goal"], "")
    return f"{goal}?member={member}" if goal else f"/members/{member}"


async def _made(new: NewMember, form: Form) -> UUID:
    way, kind = WAYS.get(form["taken"]), KINDS.get(form["taken_kind"])
    if way is not None and kind is not None:
        return await create_although_taken(new, kind, way, form["tie"])
    return await service.create_member(new)


def is_same(form: Form, refusal: DomainError) -> bool:
    """Whether an identity is taken by someone who was said to be the same person."""
    return isinstance(refusal, IdentityTaken) and form["taken"] == "same" and "member" in refusal.facts


@get("/members/{member_id:uuid}/edit", permission="members.write")
async def edit(member_id: FromPath[UUID]) -> Template:
    """The form with what is known."""
    view = await service.member(member_id, permission="members.write")
    form = await fill_custom(filled_in(view), view.id)
    inputs = await custom_inputs(view.id)
    context = {**_context(), **await _known_in(view), "member": view, "custom_inputs": inputs}
    return Template(FORM, context={"form": form, **context})


@post("/members/{member_id:uuid}/edit", permission="members.write")
async def change(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Change a member; values that are masked stay unless they are written anew."""
    form = await read_form(request)
    view = await service.member(member_id, permission="members.write")
    try:
        changes = msgspec.structs.replace(changes_of(form, view), custom=await given_custom(form, view.id))
        await _changed(view.id, form.version(), changes, form)
    except (Invalid, Conflict, TooMany) as refusal:
        if is_same(form, refusal):
            return done(f"/members/{refusal.facts['member']}", _("They are a member already."))
        context = {**await _refused(refusal), "custom_inputs": await custom_inputs(view.id)}
        return shown_again(FORM, form, refusal, {**context, **await _known_in(view), "member": view})
    return done(f"/members/{member_id}", _("Saved."))


async def _changed(member: UUID, version: int, changes: Changes, form: Form) -> None:
    way, kind = WAYS.get(form["taken"]), KINDS.get(form["taken_kind"])
    if way is not None and kind is not None and getattr(changes, kind) not in (UNSET, None):
        await change_although_taken(member, version, changes, kind, way, form["tie"])
    else:
        await service.change_member(member, version, changes)


@post("/members/{member_id:uuid}/stores/{store_id:uuid}/leave", permission="members.write")
async def leave(member_id: FromPath[UUID], store_id: FromPath[UUID]) -> Response[Any]:
    """Take the member from a store's lists."""
    try:
        await service.leave_store(member_id, store_id)
    except Invalid as refusal:
        return done(f"/members/{member_id}/edit", refusal.message, "danger")
    there = await service.is_visible(member_id, "members.write")
    return done(f"/members/{member_id}/edit" if there else "/members", _("The store was taken away."))


def _context() -> dict[str, Any]:
    """What the form offers to choose from."""
    allowed = service.writing_stores()
    stores = [s for s in access.stores() if s.active and (allowed is None or s.id in allowed)]
    return {
        "member": None,
        "taken": None,
        "ties": [(role, labels.TIES[role]) for role in ("guardian", "payer", "household", "child")],
        "genders": [("", _("Not said")), *labels.GENDERS.items()],
        "stores": [(store.code, store.name) for store in stores],
        "lunar_months": list(LUNAR_MONTHS.items()),
        "lunar_days": list(LUNAR_DAYS.items()),
        "languages": list(LOCALES.items()),
        "zones": choices.zones(),
        "sources": list(labels.SOURCES),
        "known_in": [],
    }


async def _known_in(view: MemberView) -> dict[str, Any]:
    """The stores where a member is known, and those from whose lists this person may take them."""
    found = [store for id_ in await service.stores_of(view.id) if (store := access.store_of(id_)) is not None]
    leaving = {s.id for s in found if s.id != view.store and actor().may("members.write", s.id)}
    return {"known_in": found, "leaving": leaving if len(found) > 1 else set()}


async def _refused(refusal: DomainError) -> dict[str, Any]:
    """What the form shows of an identity that is taken: whose it is, where that may be seen."""
    context = _context()
    if isinstance(refusal, IdentityTaken):
        context |= await taken_context(refusal, str(refusal.facts.get("field")))
        context["ways"] = True
    return context


handlers = [new, add, edit, change, leave]
