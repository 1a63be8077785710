"""Someone leaves: what will happen, with counts, and doing it in one step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.access.service import leaving
from tessera.access.service.leaving import Heir
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

PAGE = "web/settings/staff_leave.html"
TO_STAFF, TO_ROLE = "staff:", "role:"


async def _context(staff: UUID) -> dict[str, Any]:
    going = await leaving.leaving(staff)
    people = [(TO_STAFF + str(p.id), p.name) for p in await service.list_staff() if p.active and p.id != staff]
    roles = [(TO_ROLE + r.code, _("everyone who is: {title}", title=r.title)) for r in service.roles().values()]
    return {
        "going": going,
        "person": going.person,
        "piles": [
            (_field(*key), pile, [*people, *roles] if pile.to_role else people) for key, pile in going.piles.items()
        ],
    }


def _field(name: str, key: str) -> str:
    return f"to.{name}.{key}"


@get("/settings/staff/{staff:uuid}/leave", permission="staff.write")
async def show_leaving(staff: FromPath[UUID]) -> Template:
    """What happens when someone leaves, and who takes over."""
    return Template(PAGE, context={"form": Form(), **await _context(staff)})


@post("/settings/staff/{staff:uuid}/leave", permission="staff.write")
async def leave(request: Request[Any, Any, Any], staff: FromPath[UUID]) -> Response[Any]:
    """Close someone's access and hand over."""
    form = await read_form(request)
    context = await _context(staff)
    going: leaving.Leaving = context["going"]
    heirs = {key: heir for key in going.piles if (heir := _heir(form[_field(*key)])) is not None}
    revoke = [key.id for key in going.keys if form.has("revoke", str(key.id))]
    try:
        await leaving.leave(staff, heirs, revoke=revoke)
    except DomainError as refusal:
        return shown_again(PAGE, form, refusal, context)
    return done("/settings/staff", _("{name} has left: every door is closed.", name=going.person.name))


def _heir(chosen: str) -> Heir | None:
    if chosen.startswith(TO_ROLE):
        return Heir(role=chosen.removeprefix(TO_ROLE))
    try:
        return Heir(staff=UUID(chosen.removeprefix(TO_STAFF))) if chosen else None
    except ValueError:
        return None


handlers = [show_leaving, leave]
