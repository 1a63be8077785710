"""The JSON endpoints of every record type: list, one, make, correct."""

from __future__ import annotations

import operator
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from tessera.kernel.plugins import PluginHost
from tessera.records import rows, service
from tessera.records.kinds import Kind, kinds
from tessera.records.revealing import note_whole
from tessera.records.shapes import Shapes, as_json, given, shapes_of

_JSON_BODY: Any = JSONBody


def handlers_for(host: PluginHost) -> list[Any]:
    """The endpoints of all record types that plugins declare, below ``/api/v1``."""
    return [handler for kind in kinds(host) for handler in _endpoints(kind, shapes_of(kind))]


def _endpoints(kind: Kind, shapes: Shapes) -> list[Any]:
    about: dict[str, Any] = {"plugin": kind.plugin, "tags": [kind.plugin]}
    reading, writing = {**about, "permission": kind.read}, {**about, "permission": kind.write}
    one = f"{kind.url}/{{record:uuid}}"

    async def list_records(
        member: FromQuery[UUID | None] = None, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Any:
        """Records newest first, of one member or of one's stores."""
        page = await rows.page(kind, member=member, cursor=cursor, limit=limit)
        await note_whole(kind, page.items)
        return shapes.page(items=[as_json(shapes, entry) for entry in page.items], next=page.next)

    async def read_record(record: FromPath[UUID]) -> Any:
        """One record."""
        entry = await rows.one(kind, record)
        await note_whole(kind, [entry])
        return as_json(shapes, entry)

    async def make_record(data: Any) -> Any:
        """Make a record; derived values are computed, and an event tells of it."""
        values = given(data)
        made = await service.record(kind, values.pop("member"), values, store=values.pop("store"))
        return as_json(shapes, made)

    async def correct_record(record: FromPath[UUID], data: Any) -> Any:
        """Correct what is given; ``version`` is the one that was seen."""
        values = given(data)
        entry = await service.change(kind, record, values, values.pop("version"))
        await note_whole(kind, [entry])
        return as_json(shapes, entry)

    _typed(list_records, answer=shapes.page)
    _typed(read_record, answer=shapes.record)
    _typed(make_record, answer=shapes.record, body=shapes.new)
    _typed(correct_record, answer=shapes.record, body=shapes.correction)
    return [
        get(kind.url, operation_id=f"{kind.code}.list", **reading)(list_records),
        get(one, operation_id=f"{kind.code}.read", **reading)(read_record),
        post(kind.url, operation_id=f"{kind.code}.record", **writing)(make_record),
        patch(one, operation_id=f"{kind.code}.correct", **writing)(correct_record),
    ]


def _typed(function: Any, *, answer: type[msgspec.Struct], body: type[msgspec.Struct] | None = None) -> None:
    """Give a handler the types that were made from the declaration, which no annotation can name."""
    function.__annotations__["return"] = answer
    if body is not None:
        function.__annotations__["data"] = operator.getitem(_JSON_BODY, body)
