"""Tags on pages: on a member, for many at once, and the list of them in settings."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.kernel.business import set_setting
from tessera.kernel.errors import DomainError, FieldError, Invalid
from tessera.members import labels, service
from tessera.members.service import Narrowing, tags
from tessera.members.service.tags import Tagging
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LIST, ONE, MANY, OPTIONS = (
    "members/settings_tags.html",
    "members/settings_tag.html",
    "members/tagging.html",
    "members/tag_options.html",
)
SHOWN = 50
"""Members of one page from which some are chosen."""

_COMMAS = re.compile(r"[,，、;；\n]")


@get("/members/tags/suggest", permission="members.read")
async def suggest(tag: FromQuery[str] = "") -> Template:
    """Tags to choose from, while one types."""
    return Template(OPTIONS, context={"names": await tags.suggest_tags(tag)})


@post("/members/{member_id:uuid}/tags", permission="members.write")
async def add_tag(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Give the member a tag."""
    return await _changed(member_id, add=[(await read_form(request))["tag"]])


@post("/members/{member_id:uuid}/tags/remove", permission="members.write")
async def remove_tag(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Response[Any]:
    """Take a tag from the member."""
    return await _changed(member_id, remove=[(await read_form(request))["tag"]])


async def _changed(member: UUID, add: list[str] | None = None, remove: list[str] | None = None) -> Response[Any]:
    member = await service.need_visible(member, "members.write")
    try:
        await tags.tag_members([member], add or [], remove or [])
    except Invalid as refusal:
        return done(f"/members/{member}", refusal.errors[0].message if refusal.errors else refusal.message, "danger")
    return done(f"/members/{member}")


@get("/members/tagging", permission="members.write")
async def show_tagging(stage: FromQuery[str] = "", tag: FromQuery[str] = "") -> Template:
    """Members to be tagged: of a stage, with a tag."""
    return Template(MANY, context={"form": Form(), **await _found("", stage, tag)})


@post("/members/tagging/find", status_code=200, permission="members.write")
async def find_for_tagging(request: Request[Any, Any, Any]) -> Template:
    """Members to be tagged, by what was typed: it comes with a form, for it may be a phone."""
    form = await read_form(request)
    return Template(MANY, context={"form": Form(), **await _found(form["q"], form["stage"], form["tag"])})


@post("/members/tagging", permission="members.write")
async def tag_chosen(request: Request[Any, Any, Any]) -> Response[Any]:
    """Tag those who were chosen, or all who were found."""
    form = await read_form(request)
    add, remove = _names(form["add"]), _names(form["remove"])
    try:
        tagged = await _tag(form, add, remove)
    except (Invalid, service.MemberUnknown) as refusal:
        return shown_again(MANY, form, refusal, await _found(form["q"], form["stage"], form["tag"]))
    words = _(
        "{members} members: {added} tags given, {removed} taken away.",
        members=tagged.members,
        added=tagged.added,
        removed=tagged.removed,
    )
    return done("/members/tagging", words)


def _names(text: str) -> list[str]:
    return [part.strip() for part in _COMMAS.split(text) if part.strip()]


async def _tag(form: Form, add: list[str], remove: list[str]) -> Tagging:
    if form["who"] != "all":
        return await tags.tag_members(_ids(form.all("members")), add, remove)
    if form["q"]:
        ids = await service.search_ids(form["q"], tags.MOST_AT_ONCE, _narrowing(form["stage"], form["tag"]))
        return await tags.tag_members(ids, add, remove)
    chosen = await tags.tag_id(form["tag"]) if form["tag"] else None
    if form["tag"] and chosen is None:
        return Tagging()
    if not add and not remove:
        message = _("name a tag to add or to remove")
        raise Invalid(message, [FieldError("add", message)])
    return await tags.tag_all(add, remove, stage=form["stage"] or None, tag=chosen)


def _ids(texts: list[str]) -> list[UUID]:
    try:
        ids = [UUID(text) for text in texts]
    except ValueError:
        ids = []
    if not ids:
        message = _("choose at least one member")
        raise Invalid(message, [FieldError("members", message)])
    return ids


def _narrowing(stage: str, tag: str) -> Narrowing:
    return Narrowing(stage=stage if stage in labels.STAGES else None, tag=tag or None)


async def _found(q: str, stage: str, tag: str) -> dict[str, Any]:
    narrowing = _narrowing(stage, tag)
    if q:
        ids = await service.search_ids(q, SHOWN, narrowing)
        found = await service.lines(ids)
    else:
        found = await service.newest(SHOWN, narrowing)
    return {
        "q": q,
        "stage": stage,
        "tag": tag,
        "found": found,
        "tagged": await tags.tags_of([one.id for one in found]),
        "stages": labels.STAGES.items(),
        "tags": await tags.suggest_tags("", 200),
        "more": len(found) == SHOWN,
    }


@get("/settings/tags", permission="settings.write")
async def list_tags() -> Template:
    """All tags with how many carry them."""
    form = Form.of(only_listed="yes" if tags.only_listed() else "")
    return Template(LIST, context={"form": form, **await _listed()})


async def _listed() -> dict[str, Any]:
    return {"tags": await tags.all_tags(), "tones": _tones()}


def _tones() -> list[tuple[str, Any]]:
    named = {
        "azure": _("Light blue"),
        "blue": _("Blue"),
        "green": _("Green"),
        "yellow": _("Yellow"),
        "orange": _("Orange"),
        "red": _("Red"),
        "pink": _("Pink"),
        "purple": _("Purple"),
    }
    return [("", _("Gray")), *named.items()]


@post("/settings/tags", permission="settings.write")
async def make_tag(request: Request[Any, Any, Any]) -> Response[Any]:
    """Put a tag on the list."""
    form = await read_form(request)
    try:
        await tags.make_tag(form["name"], form["tone"])
    except DomainError as refusal:
        form.values["only_listed"] = ["yes" if tags.only_listed() else ""]
        return shown_again(LIST, form, refusal, await _listed())
    return done("/settings/tags", _("Saved."))


@post("/settings/tags/use", permission="settings.write")
async def keep_to_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say whether people may make tags as they give them."""
    await set_setting(tags.ONLY_LISTED, (await read_form(request))["only_listed"] == "yes")
    return done("/settings/tags", _("Saved."))


@get("/settings/tags/{tag:uuid}", permission="settings.write")
async def show_tag(tag: FromPath[UUID]) -> Template:
    """One tag: its name and colour, merging it, taking it away."""
    one = await _one(tag)
    return Template(ONE, context={"form": Form.of(name=one["one"].name, tone=one["one"].tone), **one})


async def _one(tag: UUID) -> dict[str, Any]:
    listed = {one.id: one for one in await tags.all_tags()}
    if tag not in listed:
        raise tags.TagUnknown(_("There is no such tag."))
    others = [(str(one.id), one.name) for one in listed.values() if one.id != tag]
    return {"one": listed[tag], "others": others, "tones": _tones()}


@post("/settings/tags/{tag:uuid}", permission="settings.write")
async def change_tag(request: Request[Any, Any, Any], tag: FromPath[UUID]) -> Response[Any]:
    """Rename a tag or give it another colour."""
    form = await read_form(request)
    try:
        await tags.change_tag(tag, form["name"], form["tone"])
    except (Invalid, tags.TagTaken, tags.TagInUse) as refusal:
        return shown_again(ONE, form, refusal, await _one(tag))
    return done("/settings/tags", _("Saved."))


@post("/settings/tags/{tag:uuid}/merge", permission="settings.write")
async def merge_tag(request: Request[Any, Any, Any], tag: FromPath[UUID]) -> Response[Any]:
    """Let everyone who carries it carry another instead."""
    form = await read_form(request)
    try:
        moved = await tags.merge_tags(tag, _ids([form["into"]])[0])
    except (Invalid, tags.TagInUse) as refusal:
        return done(f"/settings/tags/{tag}", refusal.message, "danger")
    return done("/settings/tags", _("Merged: {count} members carried it.", count=moved))


@post("/settings/tags/{tag:uuid}/delete", permission="settings.write")
async def delete_tag(tag: FromPath[UUID]) -> Response[Any]:
    """Take a tag that nobody carries off the list."""
    try:
        await tags.delete_tag(tag)
    except tags.TagInUse as refusal:
        return done(f"/settings/tags/{tag}", refusal.message, "danger")
    return done("/settings/tags", _("The tag is gone."))


handlers = [
    suggest,
    add_tag,
    remove_tag,
    show_tagging,
    find_for_tagging,
    tag_chosen,
    list_tags,
    make_tag,
    keep_to_list,
    show_tag,
    change_tag,
    merge_tag,
    delete_tag,
]
