"""Pages of members: the list that answers as one types, adding, changing, consents and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.errors import DomainError, Invalid
from tessera.kernel.plugins import host
from tessera.members import labels, service
from tessera.members.forms import changes_of, filled_in, new_member
from tessera.members.service import IdentityTaken, MemberLine, StaleVersion
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.visit import visit
from tessera_hooks import Text, _

LIST, ROWS, FORM, CONSENTS = (f"members/{name}.html" for name in ("list", "rows", "form", "consents"))

PAGE = 30
"""Members of one page of the list."""


@get("/members", permission="members.read")
async def list_members(q: FromQuery[str | None] = None, before: FromQuery[UUID | None] = None) -> Template:
    """Members, the newest first, or those that are found; only their rows when asked while typing."""
    wanted = (q or "").strip()
    if wanted:
        found = await service.search(wanted)
        more = None
    else:
        found = await service.newest(PAGE + 1, before=before)
        more = found[PAGE - 1].id if len(found) > PAGE else None
        found = found[:PAGE]
    context = {
        "q": wanted,
        "found": found,
        "more": more,
        "first": before is None,
        "summaries": await summaries(found),
        "stage_label": labels.stage_label,
        "stage_tones": labels.STAGE_TONES,
    }
    return Template(ROWS if visit().is_htmx else LIST, context=context)


async def summaries(found: Sequence[MemberLine]) -> Mapping[UUID, list[Text]]:
    """What each domain and plugin says of the members of a page in a few words."""
    if not found:
        return {}
    said: dict[UUID, list[Text]] = {}
    for _owner, words in await host().ask("member_summaries", actor().store, members=[m.id for m in found]):
        for member, text in words.items():
            said.setdefault(member, []).append(text)
    return said


@get("/members/new", permission="members.write")
async def new() -> Template:
    """The form for someone new."""
    return Template(FORM, context={"form": Form(), **_context()})


@post("/members/new", permission="members.write")
async def add(request: Request[Any, Any, Any]) -> Response[Any] | Template:
    """Make someone a member; a phone that is taken can be kept as a relative's."""
    form = await read_form(request)
    try:
        made = await service.create_member(new_member(form))
    except (Invalid, IdentityTaken) as refusal:
        return shown_again(FORM, form, refusal, await _refused(refusal))
    return done(f"/members/{made}", _("{name} is a member now.", name=form["name"] or _("The customer")))


@get("/members/{member_id:uuid}/edit", permission="members.write")
async def edit(member_id: FromPath[UUID]) -> Template:
    """The form with what is known."""
    view = await service.member(member_id, permission="members.write")
    return Template(FORM, context={"form": filled_in(view), **_context(), "member": view})


@post("/members/{member_id:uuid}/edit", permission="members.write")
async def change(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Change a member; values that are masked stay unless they are written anew."""
    form = await read_form(request)
    view = await service.member(member_id, permission="members.write")
    version = int(form["version"]) if form["version"].isdigit() else 0
    try:
        await service.change_member(
            member_id, version, changes_of(form, view), when_taken="contact" if form.has("share", "yes") else "refuse"
        )
    except (Invalid, IdentityTaken, StaleVersion) as refusal:
        return shown_again(FORM, form, refusal, {**await _refused(refusal), "member": view})
    return done(f"/members/{member_id}", _("Saved."))


def _context() -> dict[str, Any]:
    """What the form offers to choose from."""
    allowed = actor().stores_with("members.write")
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


@get("/members/{member_id:uuid}/consents", permission="members.write")
async def show_consents(member_id: FromPath[UUID]) -> Template:
    """What the member agreed to, to be changed on their word."""
    return Template(CONSENTS, context={"form": Form(), **await _consents(member_id)})


@post("/members/{member_id:uuid}/consents", permission="members.write")
async def change_consents(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Note what the member said; what was not touched stays as it is."""
    form = await read_form(request)
    try:
        for consent in await service.consents(member_id):
            said = form[f"{consent.purpose}.{consent.channel}"]
            if said and said != consent.state:
                await service.set_consent(
                    member_id,
                    consent.purpose,
                    consent.channel,
                    "granted" if said == "granted" else "refused",
                    source="desk",
                    wording=form["wording"],
                    given_by=form["given_by"],
                )
    except Invalid as refusal:
        return shown_again(CONSENTS, form, refusal, await _consents(member_id))
    return done(f"/members/{member_id}", _("Saved."))


async def _consents(member_id: UUID) -> dict[str, Any]:
    return {
        "member": await service.member(member_id, permission="members.write"),
        "consents": await service.consents(member_id),
    }


@post("/members/{member_id:uuid}/notes", permission="members.write")
async def write_note(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Write a note about the member."""
    form = await read_form(request)
    try:
        await service.add_note(member_id, form["text"])
    except Invalid as refusal:
        return done(f"/members/{member_id}", refusal.message, "danger")
    return done(f"/members/{member_id}", _("The note was written."))


handlers = [list_members, new, add, edit, change, show_consents, change_consents, write_note]
