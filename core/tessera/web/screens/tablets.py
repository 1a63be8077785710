"""Settings of shared tablets: making this browser one, and taking one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.access.actor import actor
from tessera.access.service import tablets
from tessera.kernel.errors import DomainError
from tessera.web.browsers import browser_name
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera.web.visit import SHARED, YEAR, visit
from tessera_hooks import _

LIST = "web/settings/tablets.html"


async def _context() -> dict[str, Any]:
    return {
        "tablets": await tablets.tablets(),
        "this": await service.shared_tablet(visit().cookies.get(SHARED, "")),
        "stores": choices.stores("staff.write"),
        "store_names": {store.id: store.name for store in service.stores()},
        "browser_name": browser_name,
    }


@get("/settings/tablets", permission="staff.write")
async def list_tablets() -> Template:
    """The shared tablets, and the form that makes this browser one."""
    here = service.store_of(actor().store)
    return Template(LIST, context={"form": Form.of(store=here.code if here else ""), **await _context()})


@post("/settings/tablets", permission="staff.write")
async def share(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make this browser one that the staff of a store share."""
    form = await read_form(request)
    try:
        store = service.store_by_code(form["store"])
        token = await tablets.share(store.id, form["name"], visit().user_agent)
    except DomainError as refusal:
        return shown_again(LIST, form, refusal, await _context())
    visit().give_cookie(SHARED, token, YEAR)
    return done("/settings/tablets", _("This browser is shared now: everyone chooses a PIN of their own."))


@post("/settings/tablets/{tablet:uuid}/unshare", permission="staff.write")
async def unshare(tablet: FromPath[UUID]) -> Response[Any]:
    """Share a tablet no more."""
    await tablets.unshare(tablet)
    return done("/settings/tablets", _("The tablet is shared no more, and everyone there is signed out."))


handlers = [list_tablets, share, unshare]
