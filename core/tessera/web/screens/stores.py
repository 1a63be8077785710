"""Settings of stores."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.kernel.business import business
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

LIST = "web/settings/stores.html"
ONE = "web/settings/store.html"


@get("/settings/stores", permission="settings.write", sync_to_thread=False)
def list_stores() -> Template:
    """All stores."""
    return Template(LIST, context={"stores": service.stores()})


@get("/settings/stores/new", permission="settings.write", sync_to_thread=False)
def new_store() -> Template:
    """The form for one more."""
    form = Form.of(timezone=business().timezone, currency=business().currency, active="yes")
    return Template(ONE, context={"form": form, **_context()})


@post("/settings/stores/new", permission="settings.write")
async def add_store(request: Request[Any, Any, Any]) -> Response[Any]:
    """Open a store."""
    form = await read_form(request)
    try:
        store = await service.add_store(
            form["code"], form["name"], timezone=form["timezone"], currency=form["currency"]
        )
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context())
    return done("/settings/stores", _("{name} was added.", name=store.name))


@get("/settings/stores/{code:str}", permission="settings.write", sync_to_thread=False)
def show_store(code: FromPath[str]) -> Template:
    """One store."""
    store = service.store_by_code(code)
    form = Form.of(
        code=store.code,
        name=store.name,
        timezone=store.timezone,
        currency=store.currency,
        active="yes" if store.active else "",
    )
    return Template(ONE, context={"form": form, **_context(store)})


@post("/settings/stores/{code:str}", permission="settings.write")
async def change_store(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Rename, move or close a store."""
    store = service.store_by_code(code)
    form = await read_form(request)
    try:
        await service.change_store(
            store.id, name=form["name"], timezone=form["timezone"], active=form["active"] == "yes"
        )
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, _context(store))
    return done("/settings/stores", _("{name} was changed.", name=form["name"]))


def _context(store: service.StoreFacts | None = None) -> dict[str, Any]:
    return {"store": store, "zones": choices.zones(), "currencies": choices.currencies()}


handlers = [list_stores, new_store, add_store, show_store, change_store]
