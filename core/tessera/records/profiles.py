"""Record types of which a member has one row: written and read together with the member.

``{"beauty": {"skin": {"type": "dry"}}}`` merges into what is there, key by key; ``null`` for a field empties it,
``null`` for a whole profile takes it away.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tessera.access.service.stores import store_of
from tessera.kernel.database import execute, fetchrow
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members.api import register_member_part
from tessera.members.service import scope
from tessera.members.service.profiles import register_profiles
from tessera.records import reach, rows, service
from tessera.records.kinds import Kind, kinds
from tessera.records.present import is_masked
from tessera.records.revealing import note_whole
from tessera.records.rows import Entry
from tessera.records.validate import MASK, checked
from tessera_hooks import _

LONGEST_NAME = 80
"""Characters of an unknown name that are repeated."""


class ProfileInUse(Conflict):
    """Other rows stand on the profile."""

    code = "profile_in_use"


def profile_kinds() -> list[Kind]:
    """The profiles of plugins that are enabled somewhere the actor works."""
    return [kind for kind in kinds(host()) if kind.type.profile and host().enabled(kind.plugin)]


async def write_profiles(member: UUID, given: Mapping[str, Any]) -> list[str]:
    """Merge profiles of a member that is locked into what is there; answers the names of those that changed.

    Every unknown name is refused with the nearest that is known, before anything is written.
    """
    wanted = _known(given)
    changed = []
    for kind, values in wanted:
        if await _write(kind, member, values):
            changed.append(kind.code)
    return changed


def _known(given: Mapping[str, Any]) -> list[tuple[Kind, Mapping[str, Any] | None]]:
    known = {kind.code: kind for kind in profile_kinds()}
    wanted, wrong = [], []
    for plugin, by_name in given.items():
        for name, values in by_name.items():
            code = f"{plugin}.{name}"
            kind = known.get(code)
            if kind is None:
                wrong.append(FieldError(f"profiles.{code}", _no_such(_("profile"), code, list(known))))
                continue
            names = [*kind.fields, "note"]
            for key in values or {}:
                if key not in names:
                    wrong.append(FieldError(f"profiles.{code}.{key}", _no_such(_("field"), key, names)))
            wanted.append((kind, values))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
    return wanted


def _no_such(what: str, name: str, known: Sequence[str]) -> str:
    name = name[:LONGEST_NAME]
    near = next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.4)), None)
    if near is None:
        return _('there is no {what} "{name}"', what=what, name=name)
    return _('there is no {what} "{name}", did you mean "{near}"?', what=what, name=name, near=near)


async def _write(kind: Kind, member: UUID, given: Mapping[str, Any] | None) -> bool:
    """Write one profile: the whole circle's, whoever began it."""
    there = await service.profile_of(kind, member)
    mine = there is None or there.store in reach.seen_stores(kind)
    if not mine or not await scope.is_visible(member, kind.write):
        raise Forbidden(_("You may not record this here: it needs the permission {name}.", name=kind.write))
    if there is None:
        return _says_something(given) and await _make(kind, member, given or {})
    return await _remove(kind, there) if given is None else await _merge(kind, there, given)


def _says_something(given: Mapping[str, Any] | None) -> bool:
    return any(value is not None for value in (given or {}).values())


async def _make(kind: Kind, member: UUID, given: Mapping[str, Any]) -> bool:
    row = await fetchrow("SELECT store FROM member WHERE id = $1", member)
    writing = {store.id for store in reach.writing_stores(kind)}
    where = store_of(row["store"]) if row["store"] in writing else reach.store_for(kind, None)
    assert where is not None
    values = _checked(kind, given, where.id, partial=False)
    id_ = uuid7()
    await service.insert(kind, id_, member, where, values)
    await emit(kind.recorded, member=member, store=where.id, record=id_)
    return True


async def _merge(kind: Kind, there: Entry, given: Mapping[str, Any]) -> bool:
    before = {**there.values, "recorded_on": there.recorded_on, "note": there.note}
    fresh = _checked(kind, given, there.store, partial=True)
    values = {**before, **fresh}
    if all(values.get(name) is None for name in (*kind.fields, "note")):
        return await _remove(kind, there)
    if all(values[name] == before[name] for name in fresh):
        return False
    await service.update(kind, there, {**values, "recorded_on": reach.today_in(there.store)})
    return True


async def _remove(kind: Kind, there: Entry) -> bool:
    try:
        await execute(f"DELETE FROM {kind.table} WHERE id = $1", there.id)
    except asyncpg.ForeignKeyViolationError:
        raise ProfileInUse(_("other records stand on this profile: change it instead")) from None
    await emit(kind.changed, member=there.member, store=there.store, record=there.id)
    return True


def _checked(kind: Kind, given: Mapping[str, Any], store: UUID, *, partial: bool) -> dict[str, Any]:
    """The values as they are stored; what is wrong is named by its place in the member."""
    try:
        return checked(kind, given, reach.today_in(store), partial=partial)
    except Invalid as refusal:
        errors = [FieldError(f"profiles.{kind.code}.{e.field}", e.message) for e in refusal.errors]
        raise type(refusal)(refusal.message, errors) from None


async def profiles_of(members: Sequence[UUID]) -> Mapping[UUID, dict[str, dict[str, Any]]]:
    """The profiles of many members as JSON shows them: one query a profile, masked where they may not be seen."""
    found: dict[UUID, dict[str, dict[str, Any]]] = {}
    for kind in profile_kinds():
        if not reach.seen_stores(kind):
            continue
        entries = await rows.latest_of(kind, members)
        await note_whole(kind, list(entries.values()))
        for member, entry in entries.items():
            found.setdefault(member, {}).setdefault(kind.plugin, {})[kind.name] = _shown(entry)
    return found


def _shown(entry: Entry) -> dict[str, Any]:
    kind = entry.kind
    values = {name: entry.values[name] for name in kind.columns if entry.values[name] is not None}
    shown = {name: MASK if is_masked(kind, name, entry.store) else value for name, value in values.items()}
    return {**shown, "note": entry.note} if entry.note is not None else shown


def register() -> None:
    """Let members be written and answered with their profiles."""
    register_profiles(write_profiles)
    register_member_part("profiles", profiles_of)
