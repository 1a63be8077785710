"""Pairs of members who may be one person, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tessera.members.service import duplicates
from tessera.members.service.duplicates import Pair

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class PairOut(msgspec.Struct):
    """Two members who may be one; ``reasons`` are codes, ``import_batch`` the import that brought them together."""

    id: UUID
    members: list[UUID]
    reasons: list[str]
    score: int
    import_batch: UUID | None
    found_at: datetime


class PairPage(msgspec.Struct):
    """Some pairs, and how to ask for more."""

    items: list[PairOut]
    next: str | None


class SomeoneIn(msgspec.Struct, forbid_unknown_fields=True):
    """Someone who is not a member yet, as typed."""

    name: str
    phone: str = ""
    birthday: str = ""


class KnownOut(msgspec.Struct):
    """A member who may be that person."""

    member: UUID
    reasons: list[str]


class KnownList(msgspec.Struct):
    """The members who may be that person, the most alike first."""

    items: list[KnownOut]
    next: str | None = None


def _out(pair: Pair) -> PairOut:
    return PairOut(pair.id, [pair.one.id, pair.other.id], list(pair.reasons), pair.score, pair.batch, pair.found_at)


@get("/duplicates", permission="members.merge", operation_id="duplicates.list", tags=["members"])
async def list_pairs(
    import_batch: FromQuery[UUID | None] = None, cursor: FromQuery[UUID | None] = None, limit: Limit = 50
) -> PairPage:
    """Pairs that wait for a decision, the newest first; of one import where it is named."""
    found = await duplicates.open_pairs(limit + 1, before=cursor, batch=import_batch)
    page = found[:limit]
    return PairPage([_out(pair) for pair in page], str(page[-1].id) if len(found) > limit else None)


@get(
    "/members/{member_id:uuid}/duplicates",
    permission="members.read",
    operation_id="members.duplicates",
    tags=["members"],
)
async def pairs_of(member_id: FromPath[UUID]) -> PairPage:
    """The open pairs of one member, the most alike first."""
    return PairPage([_out(pair) for pair in await duplicates.pairs_of(member_id)], None)


@post(
    "/duplicates/{pair_id:uuid}/dismiss",
    permission="members.write",
    operation_id="duplicates.dismiss",
    tags=["members"],
    status_code=204,
)
async def dismiss(pair_id: FromPath[UUID]) -> None:
    """Two people after all: not asked again."""
    await duplicates.dismiss(pair_id)


@post(
    "/members/alike",
    permission="members.write",
    operation_id="members.alike",
    tags=["members"],
    status_code=200,
)
async def alike(data: JSONBody[SomeoneIn]) -> KnownList:
    """Who may already be someone that is about to be added."""
    found = await duplicates.known_alike(data.name, data.phone, data.birthday)
    return KnownList([KnownOut(one.member.id, list(one.reasons)) for one in found])


handlers = [list_pairs, pairs_of, dismiss, alike]
