"""Settings of API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.kernel import clock
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

LIST = "web/settings/api_keys.html"
NEW = "web/settings/api_key_new.html"
ONCE = "web/settings/api_key_once.html"

LASTING = {"90": _("90 days"), "365": _("1 year"), "": _("until it is revoked")}


@get("/settings/api-keys", permission="staff.write")
async def list_keys() -> Template:
    """The keys that work."""
    names = {store.id: store.name for store in service.stores()}
    return Template(LIST, context={"keys": await service.list_keys(), "store_names": names})


def _context() -> dict[str, Any]:
    return {"permissions": service.permissions(), "stores": choices.stores(), "lasting": LASTING.items()}


@get("/settings/api-keys/new", permission="staff.write", sync_to_thread=False)
def new_key() -> Template:
    """The form for one more."""
    return Template(NEW, context={"form": Form.of(days="365"), **_context()})


@post("/settings/api-keys/new", permission="staff.write")
async def add_key(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a key and show it, this once."""
    form = await read_form(request)
    try:
        stores = [service.store_by_code(code).id for code in form.all("stores")]
        until = clock.now() + timedelta(days=int(form["days"])) if form["days"] in {"90", "365"} else None
        key = await service.add_key(form["name"], form.all("permissions"), stores=stores, expires_at=until)
    except DomainError as refusal:
        return shown_again(NEW, form, refusal, _context())
    return Template(ONCE, context={"key": key, "name": form["name"]})


@post("/settings/api-keys/{key:uuid}/revoke", permission="staff.write")
async def revoke(key: FromPath[UUID]) -> Response[Any]:
    """Take a key back."""
    await service.revoke(key)
    return done("/settings/api-keys", _("The key was revoked. Whatever used it is refused from now on."))


handlers = [list_keys, new_key, add_key, revoke]
