"""Settings of roles: what each allows, and roles of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from tessera.access import service
from tessera.access.permissions import OWN, can_be_own
from tessera.kernel.errors import DomainError
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera.kernel.texts import translate
from tessera.web.forms import Form, done, read_form, shown_again
from tessera_hooks import Text, _

LIST = "web/settings/roles.html"
ONE = "web/settings/role.html"

ROOMS: dict[str, Text] = {
    "members": _("Members"),
    "purchases": _("Purchases"),
    "points": _("Points"),
    "tiers": _("Tiers"),
    "messages": _("Messages"),
    "rules": _("Rules"),
    "segments": _("Segments"),
    "staff": _("Staff"),
    "settings": _("Settings"),
    "audit": _("Audit"),
}
"""How the core's permissions are grouped, by the first part of their names."""


@get("/settings/roles", permission="staff.write", sync_to_thread=False)
def list_roles() -> Template:
    """All roles with what they allow."""
    return Template(LIST, context={"roles": service.roles().values(), "allowed": allowed})


def allowed(role: service.RoleFacts) -> list[tuple[service.PermissionFacts, bool]]:
    """The permissions that a role's entries come to, and whether for one's own members alone."""
    held = set(service.choices_of(role.permissions))
    return [(p, p.name not in held) for p in service.permissions() if p.name in held or p.name + OWN in held]


@dataclass(frozen=True)
class Choice:
    """A permission as it is chosen in a role; ``can_be_own`` where one's own members alone is a choice."""

    name: str
    title: Text
    can_be_own: bool


def _groups() -> list[tuple[Text | str, list[Choice]]]:
    """All permissions by the room or plugin that they belong to."""
    groups: dict[str, list[Choice]] = {}
    titles: dict[str, Text | str] = {}
    for p in service.permissions():
        owner = p.plugin if p.plugin != CORE else p.name.partition(".")[0]
        titles[owner] = host().plugins[p.plugin].manifest.title if p.plugin != CORE else ROOMS.get(owner, owner)
        groups.setdefault(owner, []).append(Choice(p.name, p.title, can_be_own(p.name)))
    return [(titles[owner], choices) for owner, choices in groups.items()]


def _form_of(role: service.RoleFacts, **more: str) -> Form:
    held = service.choices_of(role.permissions)
    levels = {f"p.{name.removesuffix(OWN)}": "own" if name.endswith(OWN) else "all" for name in held}
    return Form.of(**levels, **more)


def _chosen(form: Form) -> list[str]:
    """The permissions that a form gives: ``p.<name>`` is all, own, or nothing."""
    given = {name.removeprefix("p."): form[name] for name in form.values if name.startswith("p.")}
    return [name + (OWN if level == "own" else "") for name, level in given.items() if level in {"all", "own"}]


@get("/settings/roles/new", permission="staff.write", sync_to_thread=False)
def new_role(request: Request[Any, Any, Any]) -> Template:
    """The form for a role of one's own, begun as a copy where asked."""
    copied = service.roles().get(request.query_params.get("copy", ""))
    form = _form_of(copied) if copied else Form()
    return Template(ONE, context={"form": form, "role": None, "groups": _groups()})


@get("/settings/roles/{code:str}", permission="staff.write", sync_to_thread=False)
def show_role(code: FromPath[str]) -> Template:
    """One role."""
    role = service.role(code)
    form = _form_of(role, code=role.code, title=translate(role.title))
    return Template(ONE, context={"form": form, "role": role, "groups": _groups()})


@post("/settings/roles", permission="staff.write")
async def keep_role(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a role, or change one."""
    form = await read_form(request)
    known = service.roles().get(form["code"])
    try:
        role = await service.keep_role(form["code"], form["title"], _chosen(form))
    except DomainError as refusal:
        return shown_again(ONE, form, refusal, {"role": known, "groups": _groups()})
    return done("/settings/roles", _("The role {title} was saved.", title=role.title))


@post("/settings/roles/{code:str}/delete", permission="staff.write")
async def drop_role(code: FromPath[str]) -> Response[Any]:
    """Take a role of one's own away, or a built-in one back to what it was."""
    await service.drop_role(code)
    return done("/settings/roles", _("The role was removed."))


handlers = [list_roles, new_role, show_role, keep_role, drop_role]
