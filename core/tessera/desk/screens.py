"""The first page, and one member's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jinja2 import Environment
from litestar import Request, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response, Template

from tessera.access.service import store_of
from tessera.desk import system
from tessera.desk.till import screens as till
from tessera.desk.timeline import Timeline, kinds_of, timeline, told_together
from tessera.kernel.business import business
from tessera.members import labels
from tessera.members import service as members
from tessera.tasks import service as tasks
from tessera.web.guard import SIGNED_IN
from tessera.web.slots import fill

PIECES = ("mark", "warning", "figure", "action", "card", "profile")
"""The places of the member's page that domains and plugins fill."""


def _environment(request: Request[Any, Any, Any]) -> Environment:
    engine: Any = request.app.template_engine
    made: Environment = engine.engine
    return made


@get("/", permission=SIGNED_IN)
async def home(request: Request[Any, Any, Any]) -> Template:
    """Where a working day begins: find a member, what is to do, what plugins put here."""
    context = {
        "cards": await fill(_environment(request), "home.card"),
        "tasks": (await tasks.tasks(limit=5)).items,
    }
    return Template("desk/home.html", context=context)


@get("/members/{member_id:uuid}", permission="members.read")
async def show_member(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> Template:
    """All of a member on one page: who, what matters now, and what happened."""
    view = await members.member(member_id)
    environment = _environment(request)
    context = {
        "member": view,
        "store": store_of(view.store),
        "age": view.age_on(business().today()),
        "consents": await members.consents(view.id),
        "notes": await members.notes_of(view.id, limit=3),
        "labels": labels,
        **{f"{piece}s": await fill(environment, f"member.{piece}", view.id) for piece in PIECES},
        **_stretch(await timeline(view.id)),
        "kinds": await kinds_of(view.id),
        "kind": None,
    }
    return Template("desk/member.html", context=context)


@get("/members/{member_id:uuid}/timeline", permission="members.read")
async def show_timeline(
    request: Request[Any, Any, Any],
    member_id: FromPath[UUID],
    cursor: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
) -> Response[Any] | Template:
    """A stretch of a member's history, for the page that shows the rest already."""
    if request.headers.get("hx-request") != "true":
        return Redirect(f"/members/{member_id}")
    stretch = await timeline(member_id, cursor=cursor, kind=kind or None)
    return Template("desk/timeline.html", context={"member_id": member_id, "kind": kind or None, **_stretch(stretch)})


def _stretch(shown: Timeline) -> dict[str, Any]:
    return {"stories": told_together(shown.lines), "older": shown.next}


handlers = [home, show_member, show_timeline, *till.handlers, *system.handlers]
