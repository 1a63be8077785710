"""Settings of staff: who works here, what they may do and where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera.web.screens import choices
from tessera_hooks import _

LIST = "web/settings/staff.html"
NEW = "web/settings/staff_new.html"
ONE = "web/settings/staff_one.html"


def _context() -> dict[str, Any]:
    titles = {code: role.title for code, role in service.roles().items()}
    return {
        "roles": choices.roles(),
        "stores": choices.stores(),
        "role_titles": titles,
        "store_names": {store.id: store.name for store in service.stores()},
        "store_codes": {store.id: store.code for store in service.stores()},
    }


@get("/settings/staff", permission="staff.write")
async def list_staff() -> Template:
    """Everyone who works here."""
    return Template(LIST, context={"people": await service.list_staff(), **_context()})


@get("/settings/staff/new", permission="staff.write", sync_to_thread=False)
def new_staff() -> Template:
    """The form for one more."""
    return Template(NEW, context={"form": Form(), **_context()})


@post("/settings/staff/new", permission="staff.write")
async def add_staff(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add someone."""
    form = await read_form(request)
    try:
        person = await service.add_staff(
            form["login"],
            form["name"],
            form.secret("password"),
            role_code=form["role"],
            store_code=form["store"],
        )
    except DomainError as refusal:
        return shown_again(NEW, form, refusal, _context())
    return done("/settings/staff", _("{name} can sign in now.", name=person.name))


async def _one(staff: UUID) -> dict[str, Any]:
    return {"person": await service.one(staff), **_context()}


@get("/settings/staff/{staff:uuid}", permission="staff.write")
async def show_staff(staff: FromPath[UUID]) -> Template:
    """One person: roles, a new password, and whether they still work here."""
    return Template(ONE, context={"form": Form(), **await _one(staff)})


@post("/settings/staff/{staff:uuid}/roles", permission="staff.write")
async def give_role(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Give one more role, or take one back."""
    form = await read_form(request)
    store = service.store_by_code(form["store"]).id if form["store"] else None
    wanted = (service.role(form["role"]).code, store)
    held = (await service.one(staff)).held
    try:
        if form["take"] == "yes":
            await service.set_roles(staff, [h for h in held if h != wanted])
        else:
            await service.set_roles(staff, [*held, wanted])
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _one(staff))
    return done(f"/settings/staff/{staff}", _("The roles were changed."))


@post("/settings/staff/{staff:uuid}/password", permission="staff.write")
async def reset_password(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Give someone a new password; they are signed out everywhere."""
    form = await read_form(request)
    try:
        await service.set_password(staff, form.secret("password"))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _one(staff))
    return done(f"/settings/staff/{staff}", _("The password was changed. Tell it to them in person."))


@post("/settings/staff/{staff:uuid}/active", permission="staff.write")
async def switch_staff(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Shut someone out at once, or let them in again."""
    form = await read_form(request)
    try:
        await service.set_active(staff, form["active"] == "yes")
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _one(staff))
    return done("/settings/staff", _("Saved."))


handlers = [list_staff, new_staff, add_staff, show_staff, give_role, reset_password, switch_staff]
