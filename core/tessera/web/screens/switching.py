"""The names at a shared tablet: a tap on one, a PIN, and the next person works."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from tessera.access import service
from tessera.access.permissions import PUBLIC
from tessera.access.service import tablets
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens.sign_in import SESSION_AGE
from tessera.web.visit import SESSION, SHARED, visit

WALL = "web/switch.html"
PIN = "web/switch_pin.html"
BY_PASSWORD = "/sign-in?password=1"  # noqa: S105 - an address


@get("/switch", permission=PUBLIC)
async def show_wall() -> Response[Any]:
    """The names of those who switch here; a browser that is no shared tablet goes on to the sign-in."""
    tablet = await service.shared_tablet(visit().cookies.get(SHARED, ""))
    if tablet is None:
        visit().take_cookie(SHARED)
        return Redirect(BY_PASSWORD, status_code=303)
    return Template(WALL, context={"tablet": tablet, "people": await tablets.people_at(tablet)})


async def _who(staff: UUID) -> dict[str, Any] | None:
    """The person whose name was tapped, where they switch at this tablet."""
    tablet = await service.shared_tablet(visit().cookies.get(SHARED, ""))
    people = dict(await tablets.people_at(tablet)) if tablet else {}
    return {"staff": staff, "name": people[staff]} if staff in people else None


@get("/switch/{staff:uuid}", permission=PUBLIC)
async def ask_pin(staff: FromPath[UUID]) -> Response[Any]:
    """The keys for the PIN."""
    who = await _who(staff)
    if who is None:
        return Redirect("/switch", status_code=303)
    return Template(PIN, context={"form": Form(), **who})


@post("/switch/{staff:uuid}", permission=PUBLIC)
async def switch(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Let the next person work."""
    form = await read_form(request)
    here = visit()
    try:
        token = await tablets.switch(
            here.cookies.get(SHARED, ""),
            staff,
            form.secret("pin"),
            user_agent=here.user_agent,
            old_token=here.cookies.get(SESSION, ""),
        )
    except tablets.TabletUnknown:
        here.take_cookie(SHARED)
        return done(BY_PASSWORD)
    except DomainError as refusal:
        who = await _who(staff)
        return shown_again(PIN, form, refusal, who) if who else done("/switch")
    here.give_cookie(SESSION, token, SESSION_AGE)
    return done("/")


handlers = [show_wall, ask_pin, switch]
