"""Settings of roles: what each allows, and roles of one's own."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.access.permissions import covers
from tessera.kernel.errors import DomainError
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import _

LIST = "web/settings/roles.html"
ONE = "web/settings/role.html"


@get("/settings/roles", permission="staff.write", sync_to_thread=False)
def list_roles() -> Template:
    """All roles with what they allow."""
    return Template(LIST, context={"roles": service.roles().values(), "allowed": allowed})


def allowed(role: service.RoleFacts) -> list[service.PermissionFacts]:
    """The permissions that a role's names and patterns come to."""
    return [p for p in service.permissions() if covers(role.permissions, p.name)]


@get("/settings/roles/new", permission="staff.write", sync_to_thread=False)
def new_role(request: Request[Any, Any, Any]) -> Template:
    """The form for a role of one's own, begun as a copy where asked."""
    copied = service.roles().get(request.query_params.get("copy", ""))
    form = Form.of(permissions=[p.name for p in allowed(copied)]) if copied else Form()
    return Template(ONE, context={"form": form, "role": None, "permissions": service.permissions()})


@get("/settings/roles/{code:str}", permission="staff.write", sync_to_thread=False)
def show_role(code: FromPath[str]) -> Template:
    """One role."""
    role = service.role(code)
    form = Form.of(code=role.code, title=str(role.title), permissions=[p.name for p in allowed(role)])
    return Template(ONE, context={"form": form, "role": role, "permissions": service.permissions()})


@post("/settings/roles", permission="staff.write")
async def keep_role(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a role, or change one."""
    form = await read_form(request)
    known = service.roles().get(form["code"])
    try:
        role = await service.keep_role(form["code"], form["title"], form.all("permissions"))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {"role": known, "permissions": service.permissions()})
    return done("/settings/roles", _("The role {title} was saved.", title=role.title))


@post("/settings/roles/{code:str}/delete", permission="staff.write")
async def drop_role(code: FromPath[str]) -> Response[Any]:
    """Take a role of one's own away, or a built-in one back to what it was."""
    await service.drop_role(code)
    return done("/settings/roles", _("The role was removed."))


handlers = [list_roles, new_role, show_role, keep_role, drop_role]
