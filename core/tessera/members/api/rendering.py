"""Members as JSON, with what the rooms above know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import service as access
from tessera.kernel.database import fetch
from tessera.members.api.shapes import MemberOut
from tessera.members.service import MemberView
from tessera.members.service.reveal import note_whole

Part = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True)
class SqlPart:
    """A part that stands in the one query for all such parts, for a round trip costs more than what it asks.

    ``expression`` is SQL over the member ``m.id``, given the number of its first argument; ``arguments``
    are asked anew each time; ``value`` reads what came, ``None`` leaving the field at its default.
    """

    expression: Callable[[int], str]
    arguments: Callable[[], Sequence[Any]] = tuple
    value: Callable[[Any], Any] = lambda found: found


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
    else:
        _parts[name] = read


async def _read_parts(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What all parts say of some members; those that are SQL in one query."""
    found: dict[UUID, dict[str, Any]] = {id_: {} for id_ in ids}
    expressions: list[str] = []
    arguments: list[Any] = []
    for name, part in _sql_parts.items():
        expressions.append(f"({part.expression(len(arguments) + 2)}) AS {name}")
        arguments += part.arguments()
    if expressions and ids:
        sql = f"SELECT m.id, {', '.join(expressions)} FROM unnest($1::uuid[]) AS m (id)"
        for row in await fetch(sql, list(ids), *arguments):
            for name, part in _sql_parts.items():
                if (value := part.value(row[name])) is not None:
                    found[row["id"]][name] = value
    for name, read in _parts.items() if ids else ():
        for id_, value in (await read(ids)).items():
            found[id_][name] = value
    return found


async def members_json(views: Sequence[MemberView]) -> list[MemberOut]:
    """Members as JSON, with what the rooms above know of them; readable values are audited, once for all."""
    await note_whole(views)
    parts = await _read_parts([view.id for view in views])
    return [_out(view, parts[view.id]) for view in views]


async def member_json(view: MemberView) -> MemberOut:
    """One member as JSON."""
    return (await members_json([view]))[0]


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
