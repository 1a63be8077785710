"""Signing in and out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from tessera.access import service
from tessera.access.actor import actor
from tessera.access.permissions import PUBLIC
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, own_path, read_form, shown_again
from tessera.web.visit import DEVICE, SESSION, SHARED, visit

PAGE = "web/sign_in.html"
SESSION_AGE = 30 * 24 * 3600


@get("/sign-in", permission=PUBLIC)
async def show_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """The form, or onwards for someone who is signed in, or the first run where nobody can sign in yet.

    A shared tablet shows the names of those who switch there, unless the password is asked for.
    """
    way_on = own_path(request.query_params.get("next", "/"))
    if actor().is_known:
        return Redirect(way_on, status_code=303)
    if not await service.has_staff():
        return Redirect("/setup", status_code=303)
    by_password = "password" in request.query_params
    if not by_password and await service.shared_tablet(visit().cookies.get(SHARED, "")):
        return Redirect("/switch", status_code=303)
    return Template(PAGE, context={"form": Form.of(next=way_on)})


@post("/sign-in", permission=PUBLIC)
async def sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Open a session and go on to the page that was wanted."""
    form = await read_form(request)
    here = visit()
    try:
        signed_in = await service.sign_in(
            form["login"],
            form.secret("password"),
            address=here.address,
            user_agent=here.user_agent,
            device=here.cookies.get(DEVICE, ""),
            old_token=here.cookies.get(SESSION, ""),
            shared=here.cookies.get(SHARED, ""),
        )
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal)
    here.give_cookie(SESSION, signed_in.token, SESSION_AGE)
    here.give_cookie(DEVICE, signed_in.device)
    return done(own_path(form["next"]))


@post("/sign-out", permission=PUBLIC)
async def sign_out() -> Response[Any]:
    """End the session."""
    here = visit()
    if SESSION in here.cookies:
        await service.sign_out(here.cookies[SESSION])
        here.take_cookie(SESSION)
    return done("/switch" if here.is_shared else "/sign-in")


handlers = [show_sign_in, sign_in, sign_out]
