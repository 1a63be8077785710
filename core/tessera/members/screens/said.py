"""What a member agreed to, and the notes that are written about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.kernel.errors import Invalid
from tessera.members import service
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

CONSENTS = "members/consents.html"


@get("/members/{member_id:uuid}/consents", permission="members.write")
async def show_consents(member_id: FromPath[UUID]) -> Template:
    """What the member agreed to, to be changed on their word."""
    return Template(CONSENTS, context={"form": Form(), **await _consents(member_id)})


@post("/members/{member_id:uuid}/consents", permission="members.write")
async def change_consents(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Note what the member said; what was not touched stays as it is."""
    form = await read_form(request)
    try:
        here = await service.need_visible(member_id, "members.write")
        for consent in await service.consents(here):
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
                    guardian=_guardian(form["guardian"]),
                )
    except Invalid as refusal:
        return shown_again(CONSENTS, form, refusal, await _consents(member_id))
    return done(f"/members/{member_id}", _("Saved."))


def _guardian(chosen: str) -> UUID | None:
    try:
        return UUID(chosen) if chosen else None
    except ValueError:
        raise service.unknown() from None


async def _consents(member_id: UUID) -> dict[str, Any]:
    view = await service.member(member_id, permission="members.write")
    guardians = await service.visible_among(await service.guardians_of(view.id), "members.read")
    return {
        "member": view,
        "consents": await service.consents(view.id),
        "words": await service.consent_words(view.id),
        "guardians": [(str(line.id), line.title) for line in await service.lines(guardians)],
        "is_child": await service.is_child(view.id),
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


handlers = [show_consents, change_consents, write_note]
