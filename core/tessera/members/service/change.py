"""Changing a member: only what was sent, only on the version that was seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tessera.access import audit, sealing
from tessera.access import service as access
from tessera.access.service.lookups import Cost, count_lookup
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict
from tessera.kernel.events import emit
from tessera.members import names
from tessera.members.identities import SHARED, Known
from tessera.members.labels import GENDERS
from tessera.members.normalise import normalise_name
from tessera.members.service import checks
from tessera.members.service.checks import Checks, taken
from tessera.members.service.create import add_contact, holder_of, insert_identity
from tessera.members.service.fields import PREFIX, Checked, take_custom, write_custom
from tessera.members.service.profiles import write_profiles
from tessera.members.service.scope import (
    in_scope,
    is_visible,
    members_seen,
    need_visible,
    present,
    unknown,
    writing_stores,
)
from tessera.members.service.tags import set_tags
from tessera.members.service.tokens import refresh_tokens
from tessera.members.service.views import birthday_columns
from tessera_hooks import _


class StaleVersion(Conflict):
    """Someone else has changed the member since they were read; ``version`` is the present one."""

    code = "stale_version"


class Changes(msgspec.Struct, kw_only=True):
    """Fields of a member to change, as typed; ``None`` empties one, what is unset stays.

    ``tags`` are all that the member is to carry; ``custom`` and ``profiles`` merge by key.
    """

    name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    gender: str | UnsetType | None = UNSET
    birthday: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    store: UUID | UnsetType | None = UNSET
    source: str | UnsetType | None = UNSET
    joined_on: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    custom: dict[str, Any] | UnsetType = UNSET
    profiles: dict[str, Any] | UnsetType = UNSET


BESIDE = ("tags", "custom", "profiles")
"""What is changed with a member and stands in rows of its own."""

_PARSERS: dict[str, Any] = {
    "name": normalise_name,
    "phone": checks.identity_of("phone"),
    "email": checks.identity_of("email"),
    "gender": checks.one_of(list(GENDERS), _("choose female, male or other")),
    "birthday": checks.birthday_of,
    "address": checks.short_text(checks.LONGEST_TEXT),
    "language": checks.language_of,
    "timezone": checks.timezone_of,
    "source": checks.short_text(checks.LONGEST_SOURCE),
    "joined_on": checks.joined_of,
}


def _checked(changes: Changes) -> tuple[dict[str, Any], Checked]:
    check, values = Checks(), {}
    for name in changes.__struct_fields__:
        given = getattr(changes, name)
        if given is UNSET or name in BESIDE:
            continue
        values[name] = check.take(name, given, _PARSERS[name]) if name in _PARSERS else given
    store: UUID | None = values.get("store")
    allowed = writing_stores()
    if store is not None and (access.store_of(store) is None or (allowed is not None and store not in allowed)):
        check.wrong("store", _("choose one of your stores"))
    custom = take_custom(check, changes.custom if changes.custom is not UNSET else {})
    check.finish()
    return values, custom


async def change_member(id_: UUID, version: int, changes: Changes, *, when_taken: str = "refuse") -> list[str]:
    """Change a member and answer the names of the fields that did change.

    Refuses with ``stale_version`` where someone was faster, with ``identity_taken`` where a phone or
    address is someone else's, with ``masked_value`` where a masked value comes back. A new phone takes
    the place of the old one.
    """
    values, custom = _checked(changes)
    id_ = await need_visible(id_, "members.write")
    if wanted := [values[kind] for kind in SHARED if values.get(kind) is not None]:
        await count_lookup(*wanted, cost=Cost.CHEAP)

    async def work() -> list[str]:
        row = await fetchrow(
            f"SELECT m.* FROM member m WHERE m.id = $1 AND {present('m')} AND {in_scope('m.id', 2)} FOR UPDATE",
            id_,
            members_seen("members.write"),
        )
        if row is None:
            raise unknown()
        if row["version"] != version:
            raise StaleVersion(
                _("Someone else changed this member meanwhile: look at it again, then change it."),
                version=row["version"],
            )
        columns = _columns(row, values)
        changed = [name for name, fresh in columns.items() if any(row[c] != v for c, v in fresh.items())]
        for kind in SHARED:
            if kind in values and await _replace(id_, kind, values[kind], when_taken):
                changed.append(kind)
        changed += await _beside(id_, changes, custom)
        if changed:
            await _write(id_, {c: v for name in changed if name in columns for c, v in columns[name].items()})
            await _follow(id_, changed, row["store"], values)
        return changed

    return await in_transaction(work)


async def _beside(id_: UUID, changes: Changes, custom: Checked) -> list[str]:
    """Change what stands in rows of its own; answers the names of what differs from before."""
    changed = [PREFIX + code for code in await write_custom(id_, custom)]
    if changes.tags is not UNSET and await set_tags(id_, changes.tags or []):
        changed.append("tags")
    if changes.profiles is not UNSET:
        changed += await write_profiles(id_, changes.profiles)
    return changed


def _columns(row: Any, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns of each field that was sent."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name == "name":
            found[name] = {"name": value or "", "name_key": names.name_key(value or "")}
        elif name == "birthday":
            found[name] = birthday_columns(value)
        elif name == "address":
            same = row["address"] is not None and value == sealing.unseal_text(row["address"])
            found[name] = {"address": row["address"] if same else sealing.seal(value) if value else None}
        elif name not in SHARED:
            found[name] = {name: value}
    return found


async def _write(id_: UUID, columns: dict[str, Any]) -> None:
    sets = "".join(f", {column} = ${place}" for place, column in enumerate(columns, start=3))
    await execute(
        f"UPDATE member SET updated_at = $2, version = version + 1{sets} WHERE id = $1",
        id_,
        clock.now(),
        *columns.values(),
    )


async def _follow(id_: UUID, changed: list[str], store: UUID | None, values: dict[str, Any]) -> None:
    """What a change brings with it: search, the link to the store, the event."""
    if {"name", "phone"} & set(changed):
        await refresh_tokens([id_])
    if "store" in changed and values["store"] is not None:
        await execute(
            "INSERT INTO member_store (member, store) VALUES ($1, $2) ON CONFLICT DO NOTHING", id_, values["store"]
        )
    await emit("member.updated", member=id_, store=values.get("store") or store, fields=changed)
    await audit.note("members.changed", member=id_, store=values.get("store") or store, fields=changed)


async def _replace(id_: UUID, kind: str, known: Known | None, when_taken: str) -> bool:
    """Give a member another phone or address in the place of the present one; answers whether it differs."""
    current = await fetchrow(
        "SELECT id, lookup FROM identity WHERE member = $1 AND kind = $2 ORDER BY is_primary DESC, id LIMIT 1",
        id_,
        kind,
    )
    contact = await fetchval(
        "SELECT lookup FROM contact WHERE member = $1 AND kind = $2 ORDER BY id LIMIT 1", id_, kind
    )
    if known is not None and known.lookup == (current["lookup"] if current else contact):
        return False
    if known is None and current is None and contact is None:
        return False
    if known is not None:
        holder = await holder_of(known)
        if holder is not None and holder != id_ and when_taken != "contact":
            raise taken(kind, holder if await is_visible(holder) else None)
    if current is not None:
        await execute("DELETE FROM identity WHERE id = $1", current["id"])
    await execute("DELETE FROM contact WHERE member = $1 AND kind = $2", id_, kind)
    if known is not None:
        await execute("DELETE FROM identity WHERE member = $1 AND kind = $2 AND lookup = $3", id_, kind, known.lookup)
        if await insert_identity(id_, known) is None:
            if when_taken != "contact":
                raise taken(kind, None)
            await add_contact(id_, known)
    return True
