"""Members as JSON: make, find, change, and what they agreed to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from tessera.access import service as access
from tessera.kernel.errors import FieldError, Invalid
from tessera.members import service
from tessera.members.labels import STAGES
from tessera.members.service import Changes, MemberView, NewMember
from tessera_hooks import _

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Part = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


class IdentityIn(msgspec.Struct, forbid_unknown_fields=True):
    """An identity beside phone and e-mail: ``card``, ``resident_id``, ``external`` (``system:id``) …"""

    kind: str
    value: str


class MemberIn(msgspec.Struct, forbid_unknown_fields=True):
    """Someone who becomes a member; ``name`` or one identity is needed."""

    name: str = ""
    phone: str | None = None
    email: str | None = None
    gender: str | None = None
    birthday: str | None = None
    address: str | None = None
    language: str | None = None
    timezone: str | None = None
    store: str | None = None
    source: str | None = None
    joined_at: str | None = None
    identities: list[IdentityIn] = []


class MemberPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; ``version`` is the one that was seen, ``null`` empties a field."""

    version: int
    name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    gender: str | UnsetType | None = UNSET
    birthday: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    store: str | UnsetType | None = UNSET
    source: str | UnsetType | None = UNSET
    joined_at: str | UnsetType | None = UNSET


class MemberOut(msgspec.Struct, kw_only=True):
    """A member; values that the key may not see are masked."""

    id: UUID
    number: str
    name: str
    phone: str | None
    email: str | None
    gender: str | None
    birthday: str | None
    address: str | None
    language: str | None
    timezone: str | None
    store: str | None
    source: str | None
    stage: str
    tier: str | None = None
    tags: list[str] = []
    custom: dict[str, Any] = {}
    profiles: dict[str, Any] = {}
    balances: dict[str, int] = {}
    joined_at: date | None
    last_purchase_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int


class MemberPage(msgspec.Struct):
    """Some members, and how to ask for more."""

    items: list[MemberOut]
    next: str | None


class ConsentIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a member said; ``by`` who said it, where it was not the member."""

    state: Literal["granted", "refused"]
    source: str = "api"
    wording: str = ""
    by: str = ""


class ConsentOut(msgspec.Struct):
    """What a member said last about one purpose and channel."""

    purpose: str
    channel: str
    state: str
    source: str
    wording: str
    by: str
    at: datetime | None


_parts: dict[str, Part] = {}


def register_member_part(name: str, read: Part) -> None:
    """Let a room above fill a field of members as JSON (``balances``, ``tier``, ``last_purchase_at``).

    ``read`` is asked once for many members; those it leaves out keep the field's default.
    """
    if name not in MemberOut.__struct_fields__:
        raise LookupError(f'members as JSON have no field "{name}"')
    _parts[name] = read


async def members_json(views: Sequence[MemberView]) -> list[MemberOut]:
    """Members as JSON, with what the rooms above know of them."""
    ids = [view.id for view in views]
    parts = {name: await read(ids) for name, read in _parts.items()} if ids else {}
    return [_out(view, {name: known[view.id] for name, known in parts.items() if view.id in known}) for view in views]


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


def _store(code: str | None) -> UUID | None:
    """The store of a code; an unknown one is an invalid value here, not a page that is missing."""
    if not code:
        return None
    try:
        return access.store_by_code(code).id
    except access.StoreUnknown as refusal:
        raise Invalid(refusal.message, [FieldError("store", refusal.message)]) from None


@post("/members", permission="members.write", operation_id="members.create", tags=["members"])
async def create(data: JSONBody[MemberIn]) -> MemberOut:
    """Make someone a member."""
    made = await service.create_member(
        NewMember(
            name=data.name,
            phone=data.phone,
            email=data.email,
            gender=data.gender,
            birthday=data.birthday,
            address=data.address,
            language=data.language,
            timezone=data.timezone,
            store=_store(data.store),
            source=data.source,
            joined_on=data.joined_at,
            identities=[(one.kind, one.value) for one in data.identities],
        )
    )
    return await member_json(await service.member(made, permission="members.write"))


@get("/members", permission="members.read", operation_id="members.list", tags=["members"])
async def list_members(
    q: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
    stage: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 50,
) -> MemberPage:
    """Members of one's stores, the newest first; with ``q`` those that are found, in the order of names."""
    wanted = _store(store)
    if stage is not None and stage not in STAGES:
        message = _("choose one of: {known}", known=", ".join(STAGES))
        raise Invalid(message, [FieldError("stage", message)])
    if q is not None and q.strip():
        found = await service.views(await service.search_ids(q, limit, store=wanted))
        return MemberPage([m for m in await members_json(found) if stage in (None, m.stage)], None)
    page = await service.newest(limit + 1, store=wanted, stage=stage, before=_cursor(cursor))
    ids = [line.id for line in page[:limit]]
    return MemberPage(await members_json(await service.views(ids)), ids[-1].hex if len(page) > limit else None)


def _cursor(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        message = _("the cursor is not one that was given here: begin without it")
        raise Invalid(message, [FieldError("cursor", message)]) from None


@patch("/members/{member_id:uuid}", permission="members.write", operation_id="members.change", tags=["members"])
async def change(member_id: FromPath[UUID], data: JSONBody[MemberPatch]) -> MemberOut:
    """Change a member; a masked value is refused, a stale version too."""
    changes = Changes(
        name=data.name,
        phone=data.phone,
        email=data.email,
        gender=data.gender,
        birthday=data.birthday,
        address=data.address,
        language=data.language,
        timezone=data.timezone,
        store=data.store if data.store is UNSET else _store(data.store),
        source=data.source,
        joined_on=data.joined_at,
    )
    await service.change_member(member_id, data.version, changes)
    return await member_json(await service.member(member_id, permission="members.write"))


@put(
    "/members/{member_id:uuid}/consents/{purpose:str}/{channel:str}",
    permission="members.write",
    operation_id="members.consent",
    tags=["members"],
)
async def consent(
    member_id: FromPath[UUID], purpose: FromPath[str], channel: FromPath[str], data: JSONBody[ConsentIn]
) -> ConsentOut:
    """Note that a member agreed or refused."""
    await service.set_consent(
        member_id, purpose, channel, data.state, source=data.source, wording=data.wording, given_by=data.by
    )
    said = next(c for c in await service.consents(member_id) if (c.purpose, c.channel) == (purpose, channel))
    return ConsentOut(purpose, channel, said.state, said.source, said.wording, said.given_by, said.at)


handlers = [create, list_members, change, consent]
