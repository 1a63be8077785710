"""Settings of the business itself."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect, Template

from tessera.access import service
from tessera.access.actor import actor
from tessera.access.permissions import SIGNED_IN
from tessera.kernel.business import business, set_business
from tessera.kernel.errors import DomainError, Forbidden
from tessera.kernel.texts import LOCALES
from tessera.web import navigation
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

PAGE = "web/settings/business.html"


@get("/settings", permission=SIGNED_IN, sync_to_thread=False)
def settings() -> Redirect:
    """The first page of settings that the person may open."""
    mine = [e for section in navigation.sections(actor()) for e in section.entries if e.url.startswith("/settings/")]
    if not mine:
        raise Forbidden(_("You may not change settings. Ask the owner."))
    return Redirect(mine[0].url, status_code=303)


def _context() -> dict[str, Any]:
    return {
        "zones": choices.zones(),
        "currencies": choices.currencies(),
        "languages": list(LOCALES.items()),
    }


@get("/settings/business", permission="settings.write", sync_to_thread=False)
def show_business() -> Template:
    """Name, currency, zone, language."""
    now = business()
    form = Form.of(name=now.name, currency=now.currency, timezone=now.timezone, locale=now.locale)
    return Template(PAGE, context={"form": form, **_context()})


@post("/settings/business", permission="settings.write")
async def change_business(request: Request[Any, Any, Any]) -> Response[Any]:
    """Change what the business is called, counts in and goes by."""
    form = await read_form(request)
    try:
        locale = form["locale"] if form["locale"] in LOCALES else business().locale
        await set_business(service.check_name(form["name"]), business().currency, form["timezone"], locale)
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, _context())
    return done("/settings/business", _("The business was changed."))


handlers = [settings, show_business, change_business]
