"""The first run: one page that turns an empty database into a business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from tessera.access import service
from tessera.access.permissions import PUBLIC
from tessera.access.service import setup
from tessera.kernel.business import business, has_business
from tessera.kernel.errors import DomainError, FieldError, Forbidden, Invalid
from tessera.kernel.plugins import host
from tessera.kernel.texts import current_locale
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera.web.screens.sign_in import SESSION_AGE
from tessera.web.visit import SESSION, visit
from tessera_hooks import _

PAGE = "web/setup.html"
MOST_STORES = 50


def _context(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return {
        "zones": choices.zones(),
        "currencies": choices.currencies(),
        "industries": choices.industries(),
        "starters": {d.plugin: d.value for d in host().declared("starter_set")},
        "stores": service.stores(),
        "asks_for_code": _folder(request) is not None,
    }


def _folder(request: Request[Any, Any, Any]) -> Path | None:
    """Where the code of the first run is kept; ``None`` where none is asked for (tests)."""
    folder: Path | None = request.app.state.get("setup_folder")
    return folder


@get("/setup", permission=PUBLIC)
async def show_setup(request: Request[Any, Any, Any]) -> Response[Any]:
    """The form; once there is someone who can sign in, only the way to sign-in."""
    if not await setup.is_open():
        return Redirect("/sign-in", status_code=303)
    known = business() if has_business() else None
    form = Form.of(
        code=request.query_params.get("code", ""),
        name=known.name if known else "",
        currency=known.currency if known else "CNY",
        timezone=known.timezone if known else "Asia/Shanghai",
        plugins=[name for name in host().plugins if host().enabled(name)],
        starters=list(host().plugins),
    )
    return Template(PAGE, context={"form": form, "is_new": known is None, **_context(request)})


@post("/setup", permission=PUBLIC)
async def set_up(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make the business and its owner, who is signed in at once."""
    form = await read_form(request)
    folder = _folder(request)
    try:
        if folder is not None and await setup.is_open():
            _check_code(folder, form)
        owner = await setup.set_up(_answers(form))
    except setup.AlreadySetUp as refusal:
        return done("/sign-in", refusal.message, "info")
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, {"is_new": not has_business(), **_context(request)})
    if folder is not None:
        setup.forget_code(folder)
    visit().give_cookie(SESSION, await service.open_session(owner, visit().user_agent), SESSION_AGE)
    return done("/", _("{name} is ready.", name=form["name"]))


def _check_code(folder: Path, form: Form) -> None:
    try:
        setup.check_code(folder, form["code"])
    except Forbidden as refusal:
        raise Invalid(refusal.message, [FieldError("code", refusal.message)]) from None


def _answers(form: Form) -> setup.FirstRun:
    if form.secret("password") != form.secret("again"):
        message = _("the two passwords differ")
        raise Invalid(message, [FieldError("again", message)])
    names = form.all("store_name")[:MOST_STORES]
    plugins = [name for name in form.all("plugins") if name in host().plugins]
    return setup.FirstRun(
        name=service.check_name(form["name"]),
        currency=form["currency"],
        timezone=form["timezone"],
        locale=current_locale(),
        stores=setup.new_stores(names),
        plugins=plugins,
        starters=[name for name in form.all("starters") if name in plugins],
        owner_name=form["owner_name"] or form["login"],
        login=form["login"],
        password=form.secret("password"),
    )


handlers = [show_setup, set_up]
