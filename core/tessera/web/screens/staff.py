"""Settings of staff: who works here, what they may do and where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.access.service import invitations
from tessera.kernel.errors import DomainError
from tessera.web.browsers import browser_name
from tessera.web.forms import Form, done, id_of, read_form, shown_again
from tessera.web.screens import choices
from tessera.web.visit import visit
from tessera_hooks import _

LIST = "web/settings/staff.html"
NEW = "web/settings/staff_new.html"
ONE = "web/settings/staff_one.html"
LINK = "web/settings/staff_link.html"


def _context() -> dict[str, Any]:
    titles = {code: role.title for code, role in service.roles().items()}
    everywhere = service.managed_stores() is None
    return {
        "roles": choices.roles(),
        "stores": choices.stores("staff.write"),
        "everywhere": everywhere,
        "role_titles": titles,
        "store_names": {store.id: store.name for store in service.stores()},
        "store_codes": {store.id: store.code for store in service.stores()},
        "lasts": invitations.LASTS.days,
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
async def invite(request: Request[Any, Any, Any]) -> Response[Any]:
    """Invite someone, and show their link, this once."""
    form = await read_form(request)
    try:
        made = await invitations.invite(form["name"], [(form["role"], form["store"])], login=form["login"])
    except DomainError as refusal:
        return shown_again(NEW, form, refusal, _context())
    return await _link(made)


async def _link(made: invitations.Invited) -> Template:
    url = f"{visit().origin}/join?code={made.token}"
    picture = segno.make(url, error="m").png_data_uri(scale=5, border=2)
    person = await service.one(made.staff)
    return Template(LINK, context={"person": person, "url": url, "picture": picture, "lasts": invitations.LASTS.days})


@post("/settings/staff/{staff:uuid}/invitation", permission="staff.write")
async def invite_again(staff: FromPath[UUID]) -> Response[Any]:
    """A new link for someone who has not come yet."""
    return await _link(await invitations.invite_again(staff))


@post("/settings/staff/{staff:uuid}/invitation/take-back", permission="staff.write")
async def take_back(staff: FromPath[UUID]) -> Response[Any]:
    """Make a link open nothing any more."""
    await invitations.take_back(staff)
    return done(f"/settings/staff/{staff}", _("The link opens nothing any more."))


async def _one(staff: UUID) -> dict[str, Any]:
    return {
        "person": await service.managed(staff),
        "open_until": await invitations.open_until(staff),
        "seats": await service.seats(staff),
        "browser_name": browser_name,
        **_context(),
    }


@get("/settings/staff/{staff:uuid}", permission="staff.write")
async def show_staff(staff: FromPath[UUID]) -> Template:
    """One person: roles, where they are signed in, a new password, and whether they still work here."""
    return Template(ONE, context={"form": Form(), **await _one(staff)})


@post("/settings/staff/{staff:uuid}/sign-out", permission="staff.write")
async def sign_out(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Sign someone out of one browser, or of all."""
    form = await read_form(request)
    await service.managed(staff)
    if form["session"]:
        await service.end_seat(staff, id_of(form["session"]))
    else:
        await service.end_other_seats(staff)
    return done(f"/settings/staff/{staff}", _("Signed out."))


@post("/settings/staff/{staff:uuid}/roles", permission="staff.write")
async def give_role(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Give one more role, or take one back."""
    form = await read_form(request)
    held = (await service.managed(staff)).held
    try:
        store = service.store_by_code(form["store"]).id if form["store"] else None
        wanted = (service.role(form["role"]).code, store)
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
    await service.managed(staff)
    try:
        await service.set_password(staff, form.secret("password"))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _one(staff))
    return done(f"/settings/staff/{staff}", _("The password was changed. Tell it to them in person."))


@post("/settings/staff/{staff:uuid}/active", permission="staff.write")
async def let_in(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Let someone in again who has left, or shut them out without handing anything over."""
    form = await read_form(request)
    await service.managed(staff)
    try:
        await service.set_active(staff, form["active"] == "yes")
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, await _one(staff))
    return done("/settings/staff", _("Saved."))


handlers = [
    list_staff,
    new_staff,
    invite,
    invite_again,
    take_back,
    show_staff,
    sign_out,
    give_role,
    reset_password,
    let_in,
]
