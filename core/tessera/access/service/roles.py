"""Roles: those of the core and of plugins, and those that the business made or changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from tessera.access import audit
from tessera.access.actor import Actor, Grant, actor
from tessera.access.permissions import OWN, can_be_own, covers, covers_own
from tessera.access.service.stores import check_code, check_name
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import Text, _

EVERYTHING = "*"


class RoleUnknown(NotFound):
    """There is no role of that code."""

    code = "role_unknown"


class RoleInUse(Conflict):
    """Someone still holds the role."""

    code = "role_in_use"


@dataclass(frozen=True)
class RoleFacts:
    """A role that staff can hold; ``own`` when the business made it."""

    code: str
    title: Text | str
    permissions: tuple[str, ...]
    plugin: str
    own: bool = False


@dataclass(frozen=True)
class PermissionFacts:
    """A permission by its full name."""

    name: str
    title: Text
    plugin: str


_own: dict[str, RoleFacts] = {}


async def read_roles() -> None:
    """Read the business's own roles anew."""
    rows = await fetch("SELECT code, title, permissions, plugin FROM role ORDER BY title")
    fresh = {r["code"]: RoleFacts(r["code"], r["title"], tuple(r["permissions"]), r["plugin"], own=True) for r in rows}
    _own.clear()
    _own.update(fresh)


generation.on_change(read_roles)


def roles() -> dict[str, RoleFacts]:
    """All roles by code: the core's, those of plugins that are enabled, then the business's own.

    A plugin's role is called ``fitness.coach``; what the business made of it is kept while its plugin is
    disabled, and held by nobody meanwhile.
    """
    declared = {}
    for d in host().declared_in("roles"):
        code = _code_of(d.plugin, d.value.name)
        declared[code] = RoleFacts(code, d.value.title, tuple(d.value.permissions), d.plugin)
    return {**declared, **{c: r for c, r in _own.items() if r.plugin == CORE or c in declared}}


def role(code: str) -> RoleFacts:
    """One role; a plugin's is found by its short name too, where only one plugin has it."""
    known = roles()
    if code in known:
        return known[code]
    short = [r for r in known.values() if r.code.endswith(f".{code}")]
    if len(short) == 1:
        return short[0]
    raise RoleUnknown(
        _('there is no role "{code}": the roles are {known}', code=code, known=", ".join(known)), field="role"
    )


def permissions() -> list[PermissionFacts]:
    """All permissions that can be given."""
    found = []
    for d in host().declared_in("permissions"):
        name = _code_of(d.plugin, d.value.name)
        found.append(PermissionFacts(name, d.value.title, d.plugin))
    return found


def check_permissions(wanted: Sequence[str]) -> list[str]:
    """Full names of permissions, or a refusal that names the one that does not exist."""
    known = {p.name for p in permissions()} | {EVERYTHING}
    for name in wanted:
        if not _exists(name, known):
            message = _(
                'there is no permission "{name}": choose from {known}', name=name, known=", ".join(sorted(known))
            )
            raise Invalid(message, [FieldError("permissions", message)])
    if not wanted:
        message = _("choose at least one permission")
        raise Invalid(message, [FieldError("permissions", message)])
    return list(dict.fromkeys(wanted))


def _exists(entry: str, known: set[str]) -> bool:
    """Whether an entry names a permission, whole or for one's own members, or is the beginning of some."""
    name = entry.removesuffix(OWN)
    if name != entry:
        return name in known and can_be_own(name)
    return name in known or (name.endswith(".*") and any(k.startswith(name[:-1]) for k in known))


def refuse_beyond(someone: Actor, given: Sequence[str], store: UUID | None) -> None:
    """Refuse to hand out a right that ``someone`` does not hold in that store themselves.

    Who holds one for their own members alone can give it so, and never whole.
    """
    entries = tuple(given)
    for permission in permissions():
        whole = covers(entries, permission.name)
        if not whole and not covers_own(entries, permission.name):
            continue
        held = someone.stores_with(permission.name)
        enough = held is None or store in held
        if not whole and not enough:
            mine = someone.own_stores_with(permission.name)
            enough = mine is None or store in mine
        if not enough:
            raise Forbidden(
                _("You may not give a right that you do not hold yourself: {title}.", title=permission.title)
            )


def grants(held: Sequence[tuple[str, UUID | None]]) -> tuple[Grant, ...]:
    """What roles held in stores allow; a role that is no longer there allows nothing."""
    known = roles()
    return tuple(Grant(known[code].permissions, store) for code, store in held if code in known)


def with_choices(before: Sequence[str], chosen: Sequence[str]) -> list[str]:
    """A role's entries after someone has chosen among the permissions that can be given now.

    ``chosen`` are names, with ``@own`` behind those for one's own members. What was not touched stays as it
    was written: patterns go on to cover what comes later, and entries of plugins that are disabled are kept.
    """
    offered = {p.name for p in permissions()}
    wanted = set(chosen)
    entries = [e for e in before if e.removesuffix(OWN) not in offered or e in wanted]
    for name in sorted(offered):
        if name in wanted:
            entries = [e for e in entries if e not in {f"!{name}", name + OWN}]
            entries += [name] if not covers(tuple(entries), name) else []
        elif covers(tuple(entries), name) and name + OWN not in wanted:
            entries.append(f"!{name}")
        elif name + OWN in wanted and name + OWN not in entries:
            entries = [*(e for e in entries if e != f"!{name}"), name + OWN]
    if _amounts_to(entries, offered) == wanted:
        return list(dict.fromkeys(entries))
    # a pattern cannot be narrowed to one's own members: the role is written out
    kept = [e for e in entries if "*" not in e and e.removeprefix("!").removesuffix(OWN) not in offered]
    return [*kept, *sorted(wanted)]


def _amounts_to(entries: Sequence[str], offered: set[str]) -> set[str]:
    held = tuple(entries)
    whole = {name for name in offered if covers(held, name)}
    return whole | {name + OWN for name in offered - whole if covers_own(held, name)}


def choices_of(held: Sequence[str]) -> list[str]:
    """What a role's entries come to among the permissions that can be given now, as ``with_choices`` takes it."""
    return sorted(_amounts_to(held, {p.name for p in permissions()}))


async def keep_role(code: str, title: str, wanted: Sequence[str]) -> RoleFacts:
    """Make a role of one's own, or change one; a declared role keeps its code and changes its rights.

    A plugin's role that was changed stays so, whatever becomes of the plugin short of removing it. The
    owner's role stays as it is, so that nobody locks everyone out. It takes every right that the role had
    and will have, everywhere: it is held in all stores.
    """
    code, title, checked = check_code(code), check_name(title), check_permissions(wanted)
    if code == "owner":
        message = _("the owner may always do everything: choose another code")
        raise Invalid(message, [FieldError("code", message)])
    known = roles().get(code)
    as_written = known is None or any("*" in entry for entry in checked)
    entries = checked if as_written else with_choices(known.permissions if known else (), checked)
    for held in (entries, known.permissions if known else ()):
        refuse_beyond(actor(), held, None)

    async def work() -> None:
        await execute(
            "INSERT INTO role (code, title, permissions, plugin, created_at) VALUES ($1, $2, $3::jsonb, $4, $5) "
            "ON CONFLICT (code) DO UPDATE SET title = excluded.title, permissions = excluded.permissions",
            code,
            title,
            msgspec.json.encode(entries).decode(),
            known.plugin if known else CORE,
            clock.now(),
        )
        await audit.note("access.role_changed", fields=entries, role=code)
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()
    return roles()[code]


async def drop_role(code: str) -> None:
    """Take a role of one's own away; refused while someone holds it and nothing declared stands behind it.

    What was declared holds again, so that it takes every right of both, as ``keep_role`` does.
    """
    declared = {_code_of(d.plugin, d.value.name): tuple(d.value.permissions) for d in host().declared("roles")}
    known = roles().get(code)
    for rights in (known.permissions if known else (), declared.get(code, ())):
        refuse_beyond(actor(), rights, None)

    async def work() -> None:
        held = await fetch("SELECT 1 FROM staff_role WHERE role = $1 LIMIT 1", code)
        if held and code not in declared:
            raise RoleInUse(_("someone still holds this role: give them another one first"))
        if not await execute("DELETE FROM role WHERE code = $1", code):
            raise RoleUnknown(_("there is no such role"))
        await audit.note("access.role_dropped", role=code)
        await generation.bump()

    await in_transaction(work)
    await generation.refresh()


def _code_of(plugin: str, name: str) -> str:
    return name if plugin == CORE else f"{plugin}.{name}"
