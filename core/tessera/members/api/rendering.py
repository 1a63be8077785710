"""Members as JSON, with what the rooms above know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.members.api.shapes import MemberOut
from tessera.members.service import MemberView
from tessera.members.service.reveal import note_whole
from tessera.members.service.scope import in_scope, members_seen
from tessera.members.service.views import member_and_row, views_and_rows

Part = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True)
class SqlPart:
    """A part that stands in the query for the members themselves, for a round trip costs more than what it asks.

    ``expression`` is SQL over the member ``m.id``, given the number of its first argument; ``arguments``
    are asked anew each time; ``value`` reads what came, ``None`` leaving the field at its default. Of
    members whom the actor may not see with ``permission``, nothing is asked.
    """

    expression: Callable[[int], str]
    arguments: Callable[[], Sequence[Any]] = tuple
    value: Callable[[Any], Any] = lambda found: found
    permission: str | None = None


_parts: dict[str, Part] = {}
_sql_parts: dict[str, SqlPart] = {}


def register_member_part(name: str, read: Part | SqlPart) -> None:
    """Let a room above fill a field of members as JSON (``balances``, ``tier``, ``last_purchase_at``).

    A function is asked once for many members; those it leaves out keep the field's default.
    """
    if name not in MemberOut.__struct_fields__:
        raise LookupError(f'members as JSON have no field "{name}"')
    if isinstance(read, SqlPart):
        _sql_parts[name] = read
        _columns.cache_clear()
    else:
        _parts[name] = read


FIRST = 3
"""The number of the first argument of parts, after the ids and the scope of the members."""


def _asked(permission: str) -> tuple[str, list[Any]]:
    """The columns of all parts that are SQL, and their arguments, for members seen with a permission.

    A part that sees the same members is not narrowed a second time.
    """
    seen = members_seen(permission)
    narrowed: list[bool] = []
    arguments: list[Any] = []
    for part in _sql_parts.values():
        theirs = seen if part.permission is None else members_seen(part.permission)
        narrowed.append(theirs != seen)
        if narrowed[-1]:
            arguments.append(theirs)
        arguments += part.arguments()
    return _columns(tuple(narrowed)), arguments


@cache
def _columns(narrowed: tuple[bool, ...]) -> str:
    """The columns of the parts, those that are narrowed within their own scope."""
    columns = ""
    place = FIRST
    for (name, part), narrow in zip(_sql_parts.items(), narrowed, strict=True):
        if narrow:
            columns += f", CASE WHEN {in_scope('m.id', place)} THEN ({part.expression(place + 1)}) END AS part_{name}"
        else:
            columns += f", ({part.expression(place)}) AS part_{name}"
        place += narrow + len(part.arguments())
    return columns


async def members_json(ids: Sequence[UUID], *, permission: str = "members.read") -> list[MemberOut]:
    """Members as JSON, in the given order, without those that the actor may not see."""
    more, arguments = _asked(permission)
    return await _rendered(await views_and_rows(ids, permission=permission, more=more, arguments=arguments))


async def member_json(id_: UUID, *, permission: str = "members.read") -> MemberOut:
    """One member as JSON, today's where they were merged; ``MemberUnknown`` where the actor may see none."""
    more, arguments = _asked(permission)
    return (await _rendered([await member_and_row(id_, permission=permission, more=more, arguments=arguments)]))[0]


async def _rendered(found: Sequence[tuple[MemberView, Any]]) -> list[MemberOut]:
    """Members with what the rooms above know of them; readable values are audited, once for all."""
    await note_whole([view for view, _row in found])
    ids = [view.id for view, _row in found]
    further = [(name, await read(ids)) for name, read in _parts.items()] if ids else []
    rendered = []
    for view, row in found:
        known = {
            name: part.value(value) for name, part in _sql_parts.items() if (value := row[f"part_{name}"]) is not None
        }
        known.update((name, values[view.id]) for name, values in further if view.id in values)
        rendered.append(_out(view, known))
    return rendered


def _out(view: MemberView, parts: Mapping[str, Any]) -> MemberOut:
    store = access.store_of(view.store)
    return MemberOut(
        id=view.id,
        number=view.number,
        name=view.name,
        phone=view.phone,
        email=view.email,
        gender=view.gender,
        birthday=str(view.birthday) if view.birthday else None,
        address=view.address,
        language=view.language,
        timezone=view.timezone,
        store=store.code if store else None,
        source=view.source,
        stage=view.stage,
        joined_at=view.joined_on,
        created_at=view.created_at,
        updated_at=view.updated_at,
        version=view.version,
        **parts,
    )
