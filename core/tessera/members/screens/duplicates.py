"""Members who may be one person: told while someone is typed, and listed to be decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from tessera.access.service import store_of
from tessera.members.forms import birthday_of_form
from tessera.members.service import duplicates
from tessera.members.service.duplicates.pairs import PAGE
from tessera.web.forms import done, own_path, read_form
from tessera_hooks import _


@post("/members/new/alike", permission="members.write")
async def show_alike(request: Request[Any, Any, Any]) -> Template:
    """Who may already be the one whose name is in the form."""
    form = await read_form(request)
    known = await duplicates.known_alike(form["name"], form["phone"], birthday_of_form(form))
    return Template("members/alike.html", context={"known": known})


@get("/members/duplicates", permission="members.merge")
async def list_pairs(before: FromQuery[UUID | None] = None, batch: FromQuery[UUID | None] = None) -> Template:
    """Pairs that wait for a decision, the newest first."""
    found = await duplicates.open_pairs(PAGE + 1, before=before, batch=batch)
    context = {
        "pairs": found[:PAGE],
        "more": found[PAGE - 1].id if len(found) > PAGE else None,
        "batch": batch,
        "store_of": store_of,
    }
    return Template("members/duplicates.html", context=context)


@post("/members/duplicates/{pair_id:uuid}/dismiss", permission="members.write")
async def dismiss(request: Request[Any, Any, Any], pair_id: FromPath[UUID]) -> Response[Any]:
    """Two people after all."""
    form = await read_form(request)
    await duplicates.dismiss(pair_id)
    return done(own_path(form["next"], "/members/duplicates"), _("They are two people: this is not asked again."))


handlers = [show_alike, list_pairs, dismiss]
