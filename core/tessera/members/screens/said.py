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


handlers = [show_consents, change_consents, write_note]
