"""Merging two members field by field, and the merges that were made, each to be undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access import service as access
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.kernel.texts import translate
from tessera.members import labels, service
from tessera.members.service import merging
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PERMISSION = "members.merge"
PAGE, WHO, ONE = "members/merge.html", "members/merge_who.html", "members/merge_one.html"
TAKE = "take."
"""What stands before a field's name in the form."""

SHOWN = 20
"""Sentences about what stayed that one page shows."""


@get("/members/{member_id:uuid}/merge", permission=PERMISSION)
async def show(
    member_id: FromPath[UUID],
    other: FromQuery[UUID | None] = None,
    member: FromQuery[UUID | None] = None,
) -> Template:
    """Who is the same person, and then both side by side; the box that finds them calls the other ``member``."""
    with_whom = other or member
    view = await service.member(member_id, permission=PERMISSION)
    if with_whom is None or await service.survivor_of(with_whom) == view.id:
        return Template(WHO, context={"member": view, "same": with_whom is not None})
    return Template(PAGE, context={"form": Form(), **await _compared(view.id, with_whom)})


@post("/members/{member_id:uuid}/merge", permission=PERMISSION)
async def merge(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any] | Template:
    """Merge the two as it was chosen."""
    form = await read_form(request)
    other = _id(form["other"])
    choices = {name.removeprefix(TAKE): form[name] for name in form.values if name.startswith(TAKE)}
    try:
        made = await merging.merge(member_id, other, choices)
    except DomainError as refusal:
        if isinstance(refusal, service.MemberUnknown | merging.SameMember):
            raise
        return shown_again(PAGE, form, refusal, await _compared(member_id, other))
    return done(f"/members/merges/{made.merge}", _("The two are one member now."))


async def _compared(survivor: UUID, other: UUID) -> dict[str, Any]:
    compared = await merging.preview(survivor, other)
    return {
        "compared": compared,
        "choices": [one for one in (*compared.fields, *compared.questions) if one.differs],
        "agreed": [one for one in compared.fields if not one.differs and (one.survivor or one.other)],
        "take": TAKE,
        "labels": labels,
        "store_of": access.store_of,
    }


@get("/members/merges", permission=PERMISSION)
async def list_merges() -> Template:
    """The latest merges, those that were undone too."""
    return Template("members/merges.html", context={"merges": await merging.recent_merges()})


@get("/members/merges/{merge_id:uuid}", permission=PERMISSION)
async def show_merge(merge_id: FromPath[UUID]) -> Template:
    """One merge: who became who, and the way back."""
    return Template(ONE, context={"form": Form(), "merge": await merging.merge_view(merge_id), "in_use": None})


@post("/members/merges/{merge_id:uuid}/undo", permission=PERMISSION)
async def undo(request: Request[Any, Any, Any], merge_id: FromPath[UUID]) -> Response[Any] | Template:
    """Undo a merge; where something was built on it, the page says what, and offers to do it all the same."""
    form = await read_form(request)
    view = await merging.merge_view(merge_id)
    try:
        undone = await merging.undo(merge_id, force=form.has("force", "yes"))
    except DomainError as refusal:
        in_use = refusal if refusal.code == "merge_in_use" else None
        return shown_again(ONE, form, refusal, {"merge": view, "in_use": in_use})
    stayed = "; ".join(translate(said) for said in undone.stayed[:SHOWN])
    if stayed:
        return done(
            f"/members/merges/{merge_id}",
            _("The two are two members again. With the first stay: {stayed}", stayed=stayed),
        )
    return done(f"/members/merges/{merge_id}", _("The two are two members again."))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = _("choose who is the same person")
        raise Invalid(message, [FieldError("other", message)]) from None


handlers = [show, merge, list_merges, show_merge, undo]
