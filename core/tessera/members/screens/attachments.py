"""Files and pictures on a member's page: added from a phone's camera, opened, taken away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from tessera.kernel.errors import DomainError
from tessera.members.files import answer
from tessera.members.service import attachments
from tessera.web.forms import done, read_form
from tessera_hooks import _

PATH = "/members/{member_id:uuid}/attachments"


@post(PATH, permission=attachments.WRITE)
async def add(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Keep a file that was chosen or a picture that was taken."""
    form = await read_form(request)
    file = next((one for one in form.files.values() if one.filename), None)
    if file is None:
        return done(f"/members/{member_id}", _("Choose a file first."), "danger")
    try:
        await attachments.attach(
            member_id,
            await file.read(),
            name=file.filename,
            title=form["title"],
            sensitive=form.has("sensitive", "yes"),
        )
    except DomainError as refusal:
        return done(f"/members/{member_id}", refusal.message, "danger")
    return done(f"/members/{member_id}", _("The file was added."))


@get(PATH + "/{attachment_id:uuid}", permission=attachments.READ)
async def show(member_id: FromPath[UUID], attachment_id: FromPath[UUID]) -> Response[bytes]:
    """A file as it is."""
    return answer(await attachments.read_attachment(member_id, attachment_id))


@get(PATH + "/{attachment_id:uuid}/small", permission=attachments.READ)
async def show_small(member_id: FromPath[UUID], attachment_id: FromPath[UUID]) -> Response[bytes]:
    """A picture small enough for a list."""
    return answer(await attachments.read_attachment(member_id, attachment_id, small=True))


@post(PATH + "/{attachment_id:uuid}/remove", permission=attachments.WRITE)
async def remove(member_id: FromPath[UUID], attachment_id: FromPath[UUID]) -> Response[Any]:
    """Take a file away."""
    await attachments.detach(member_id, attachment_id)
    return done(f"/members/{member_id}", _("The file was taken away."))


handlers = [add, show, show_small, remove]
