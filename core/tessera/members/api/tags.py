"""Tags as JSON: the list of them, and giving them to many members at once."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody

from tessera.kernel.errors import FieldError, Invalid
from tessera.members.api.rendering import SqlPart, register_member_part
from tessera.members.service import tags
from tessera_hooks import _


class TaggingIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to give tags and from whom to take them; at most a thousand members at once."""

    members: list[UUID] = []
    segment: str | None = None
    add: list[str] = []
    remove: list[str] = []


class TaggingOut(msgspec.Struct):
    """How many members were looked at, and how many tags were given and taken that were not so before."""

    members: int
    added: int
    removed: int


class TagList(msgspec.Struct):
    """The names of tags."""

    items: list[str]
    next: str | None = None


@get("/tags", permission="members.read", operation_id="tags.list", tags=["members"])
async def list_tags(q: FromQuery[str | None] = None) -> TagList:
    """The tags of members one sees and those that nobody carries yet, by name; ``q`` narrows as one types."""
    return TagList(await tags.suggest_tags(q or "", 200))


@post("/members/tags", permission="members.write", operation_id="members.tag_many", tags=["members"], status_code=200)
async def tag_many(data: JSONBody[TaggingIn]) -> TaggingOut:
    """Give tags to members and take others from them: all of it or, where one member is not there, nothing."""
    if data.segment is not None:
        message = _("there are no segments yet: name the members")
        raise Invalid(message, [FieldError("segment", message)])
    done = await tags.tag_members(data.members, data.add, data.remove)
    return TaggingOut(done.members, done.added, done.removed)


register_member_part("tags", SqlPart(lambda _first: tags.tags_sql("m.id")))

handlers = [list_tags, tag_many]
