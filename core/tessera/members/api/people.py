"""Members as JSON: make, find, change."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET

from tessera.access import service as access
from tessera.kernel.errors import FieldError, Invalid
from tessera.members import service
from tessera.members.api.rendering import member_json, members_json
from tessera.members.api.shapes import MemberIn, MemberOut, MemberPage, MemberPatch
from tessera.members.labels import STAGES
from tessera.members.service import Changes, NewMember
from tessera.members.service.standing import tier_marks
from tessera_hooks import _

Limit = Annotated[int, QueryParameter(ge=1, le=200)]


def _store(code: str | None) -> UUID | None:
    """The store of a code; an unknown one is an invalid value here, not a page that is missing."""
    if not code:
        return None
    try:
        return access.store_by_code(code).id
    except access.StoreUnknown as refusal:
        raise Invalid(refusal.message, [FieldError("store", refusal.message)]) from None


_SAME = [n for n in MemberPatch.__struct_fields__ if n not in ("version", "store", "joined_at")]
"""What is called and written the same way here and in the service, for someone new as for a change."""


@post("/members", permission="members.write", operation_id="members.create", tags=["members"])
async def create(data: JSONBody[MemberIn]) -> MemberOut:
    """Make someone a member."""
    identities = [(one.kind, one.value) for one in data.identities]
    same = {name: getattr(data, name) for name in _SAME}
    made = await service.create_member(
        NewMember(**same, store=_store(data.store), joined_on=data.joined_at, identities=identities)
    )
    return await member_json(made, permission="members.write")


@get("/members", permission="members.read", operation_id="members.list", tags=["members"])
async def list_members(
    q: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
    stage: FromQuery[str | None] = None,
    tag: FromQuery[str | None] = None,
    tier: FromQuery[str | None] = None,
    segment: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: Limit = 50,
) -> MemberPage:
    """Members of one's stores, the newest first; with ``q`` those that are found, in the order of names."""
    _refuse_unknown(stage=stage, segment=segment)
    narrowing = service.Narrowing(_store(store), stage or None, tag or None, _tier(tier))
    after = _cursor(cursor)
    if q is not None and q.strip():
        ids = await service.search_ids(q, limit + 1, narrowing, after=after)
    else:
        ids = [line.id for line in await service.newest(limit + 1, narrowing, before=after)]
    page = await members_json(ids[:limit])
    return MemberPage(page, ids[limit - 1].hex if len(ids) > limit else None)


def _tier(code: str | None) -> tuple[str | None] | None:
    """What members of a tier carry; an unknown one is refused."""
    if not code:
        return None
    marks = tier_marks()
    for mark in marks:
        if mark.code.casefold() == code.casefold():
            return (mark.carried,)
    message = _("choose one of: {known}", known=", ".join(mark.code for mark in marks))
    raise Invalid(message, [FieldError("tier", message)])


def _refuse_unknown(*, stage: str | None, segment: str | None) -> None:
    """Refuse a filter that cannot be kept, rather than answer members whom it would have left out."""
    wrong = []
    if stage and stage not in STAGES:
        wrong.append(FieldError("stage", _("choose one of: {known}", known=", ".join(STAGES))))
    if segment:
        wrong.append(FieldError("segment", _("there are no segments yet: ask without this filter")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


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
    same = {name: getattr(data, name) for name in _SAME}
    store = data.store if data.store is UNSET else _store(data.store)
    changes = Changes(**same, store=store, joined_on=data.joined_at)
    await service.change_member(member_id, data.version, changes)
    return await member_json(member_id, permission="members.write")


handlers = [create, list_members, change]
