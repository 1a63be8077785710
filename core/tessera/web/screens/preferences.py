"""What each person chooses for themselves: language, appearance, the store they work in, password, PIN, browsers."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Template

from tessera.access import sealing, service
from tessera.access.actor import actor
from tessera.access.permissions import PUBLIC, SIGNED_IN
from tessera.access.service import tablets
from tessera.kernel.errors import DomainError, FieldError, Forbidden, Invalid
from tessera.kernel.texts import LOCALES
from tessera.web.browsers import browser_name
from tessera.web.forms import Form, done, id_of, own_path, read_form, shown_again
from tessera.web.visit import LOCALE, SESSION, THEME, THEMES, visit
from tessera_hooks import _

PASSWORD = "web/password.html"  # noqa: S105 - the name of a page
PIN = "web/pin.html"
BROWSERS = "web/my_browsers.html"


@post("/preferences", permission=PUBLIC)
async def choose(request: Request[Any, Any, Any]) -> Response[Any]:
    """Switch the language or the appearance."""
    form = await read_form(request)
    someone, here = actor(), visit()
    locale = form["locale"] if form["locale"] in LOCALES else None
    theme = form["theme"] if form["theme"] in THEMES else None
    if locale:
        here.give_cookie(LOCALE, locale)
    if theme:
        here.give_cookie(THEME, theme)
    if someone.staff_id is not None:
        await service.prefer(someone.staff_id, locale=locale, theme=theme)
    return done(own_path(form["next"]))


@post("/preferences/store", permission=SIGNED_IN)
async def work_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Work in another store from here on."""
    form = await read_form(request)
    someone = actor()
    store = service.store_by_code(form["store"]) if form["store"] else None
    allowed = someone.stores
    if allowed is not None and (store is None or store.id not in allowed):
        raise Forbidden(_("You do not work in this store."))
    if someone.session_id is not None:
        await service.work_in(someone.session_id, store.id if store else None)
    return done(own_path(form["next"]))


@get("/preferences/password", permission=SIGNED_IN, sync_to_thread=False)
def show_password() -> Template:
    """The form for a new password of one's own."""
    return Template(PASSWORD, context={"form": Form()})


@post("/preferences/password", permission=SIGNED_IN)
async def change_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """Change one's own password; other browsers are signed out."""
    form = await read_form(request)
    staff = actor().staff_id
    try:
        if staff is None:
            raise Forbidden(_("Only people have passwords."))
        if form.secret("password") != form.secret("again"):
            message = _("the two passwords differ")
            raise Invalid(message, [FieldError("again", message)])
        await service.change_own_password(
            staff,
            form.secret("old"),
            form.secret("password"),
            keep_token_hash=sealing.digest(visit().cookies.get(SESSION, "")),
        )
    except DomainError as refusal:
        return shown_again(PASSWORD, form, refusal)
    return done("/", _("Your password was changed."))


async def _pin() -> dict[str, Any]:
    return {"person": await service.one(tablets.need_person())}


@get("/preferences/pin", permission=SIGNED_IN)
async def show_pin() -> Template:
    """The form for a PIN of one's own."""
    return Template(PIN, context={"form": Form(), **await _pin()})


@post("/preferences/pin", permission=SIGNED_IN)
async def choose_pin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Choose a PIN, or give it up."""
    form = await read_form(request)
    staff = tablets.need_person()
    try:
        if form.secret("pin") != form.secret("again"):
            message = _("the two PINs differ")
            raise Invalid(message, [FieldError("again", message)])
        if not form.secret("pin") and form["give_up"] != "yes":
            message = _("use 4 to 6 digits")
            raise Invalid(message, [FieldError("pin", message)])
        await tablets.set_pin(staff, form.secret("pin"), form.secret("password"))
    except DomainError as refusal:
        return shown_again(PIN, form, refusal, await _pin())
    return done("/preferences/browsers", _("Your PIN was changed."))


@get("/preferences/browsers", permission=SIGNED_IN)
async def my_browsers() -> Template:
    """Where one is signed in."""
    seats = await service.seats(tablets.need_person())
    return Template(
        BROWSERS, context={"seats": seats, "here": actor().session_id, "browser_name": browser_name, **await _pin()}
    )


@post("/preferences/browsers", permission=SIGNED_IN)
async def sign_out_elsewhere(request: Request[Any, Any, Any]) -> Response[Any]:
    """Sign out of one other browser, or of all others."""
    form = await read_form(request)
    staff = tablets.need_person()
    if form["session"]:
        await service.end_seat(staff, id_of(form["session"]))
    else:
        await service.end_other_seats(staff, actor().session_id)
    return done("/preferences/browsers", _("Signed out."))


handlers = [
    choose,
    work_in,
    show_password,
    change_password,
    show_pin,
    choose_pin,
    my_browsers,
    sign_out_elsewhere,
]
