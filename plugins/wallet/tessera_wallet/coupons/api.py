"""Coupons as JSON: their kinds, giving one, a member's, what is behind a code, open codes, taking back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from tessera.plugin import members
from tessera_wallet.coupons import codes, issuing, kinds, reading
from tessera_wallet.coupons.contract import Held
from tessera_wallet.coupons.issuing import ISSUE
from tessera_wallet.coupons.reading import READ
from tessera_wallet.desk import codes_known

TAGS = ["wallet"]


class CouponKindOut(msgspec.Struct):
    """A kind of coupon: what it gives, where it holds and for how long; amounts in minor units."""

    code: str
    title: str
    gives: str
    amount: int
    percent: int
    cap: int | None
    gift: str
    currency: str
    minimum: int
    valid_days: int | None
    valid_from: date | None
    valid_until: date | None
    stacks: bool
    stores: list[str]
    skus: list[str]
    categories: list[str]
    total_limit: int | None
    member_limit: int | None
    issued: int
    enabled: bool


class CouponKindList(msgspec.Struct):
    """All kinds of coupons."""

    items: list[CouponKindOut]


class CouponOut(msgspec.Struct):
    """A coupon; ``state`` is ``issued`` (can be used), ``waiting``, ``used``, ``expired`` or ``revoked``."""

    id: UUID
    code: str
    kind: str
    title: str
    member: UUID | None
    state: str
    issued_at: datetime
    opens_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    purchase: UUID | None


class CouponList(msgspec.Struct):
    """Coupons of a member."""

    items: list[CouponOut]


class CouponIn(msgspec.Struct, forbid_unknown_fields=True):
    """A coupon to be given: to whom, of which kind, and why."""

    member: UUID
    kind: str
    reason: str = ""


class CodeIn(msgspec.Struct, forbid_unknown_fields=True):
    """A code as it was typed or scanned."""

    code: str


class BatchIn(msgspec.Struct, forbid_unknown_fields=True):
    """How many open codes of which kind."""

    kind: str
    pieces: int


class BatchOut(msgspec.Struct):
    """A batch of open codes."""

    id: UUID
    codes: list[str]


def coupon_out(held: Held) -> CouponOut:
    """A coupon as programs see it."""
    same = ("id", "member", "state", "issued_at", "opens_at", "expires_at", "used_at", "purchase")
    return CouponOut(
        **{name: getattr(held, name) for name in same},
        code=codes.shown(held.code),
        kind=held.kind.code,
        title=held.kind.title,
    )


@get("/coupon-kinds", permission=READ, operation_id="wallet.coupon_kinds", tags=TAGS)
async def list_kinds() -> CouponKindList:
    """All kinds, those that are given first."""
    names = [name for name in CouponKindOut.__struct_fields__ if name != "stores"]
    return CouponKindList(
        [
            CouponKindOut(**{name: getattr(kind, name) for name in names}, stores=codes_known(kind.stores))
            for kind in await kinds.kinds()
        ]
    )


@get("/coupons", permission=READ, operation_id="wallet.coupons", tags=TAGS)
async def list_coupons(member: FromQuery[UUID]) -> CouponList:
    """A member's coupons, those that can be used first."""
    here = await members.need_visible(member, READ)
    return CouponList([coupon_out(held) for held in await reading.coupons_of(here)])


@post("/coupons", permission=ISSUE, operation_id="wallet.coupon_issue", tags=TAGS)
async def issue_coupon(data: JSONBody[CouponIn]) -> CouponOut:
    """Give a member a coupon, within the limits of its kind."""
    member = await members.need_visible(data.member, ISSUE)
    return coupon_out(await issuing.issue(member, data.kind, reason=data.reason))


@post("/coupons/check", permission=READ, operation_id="wallet.coupon_check", tags=TAGS, status_code=200)
async def check_coupon(data: JSONBody[CodeIn]) -> CouponOut:
    """What is behind a code; changes nothing. Unknown codes are counted, and soon nothing more is told."""
    return coupon_out(await reading.find(data.code))


@post(
    "/coupons/{coupon:uuid}/revoke", permission=ISSUE, operation_id="wallet.coupon_revoke", tags=TAGS, status_code=200
)
async def revoke_coupon(coupon: FromPath[UUID]) -> CouponOut:
    """Take a coupon back that was not used."""
    await reading.coupon(coupon, ISSUE)
    await issuing.revoke(coupon)
    return coupon_out(await reading.coupon(coupon, ISSUE))


@post("/coupon-batches", permission=ISSUE, operation_id="wallet.coupon_batch", tags=TAGS)
async def make_codes(data: JSONBody[BatchIn]) -> BatchOut:
    """Make open codes, for whoever holds them."""
    return BatchOut(*await issuing.issue_codes(data.kind, data.pieces))


handlers = [list_kinds, list_coupons, issue_coupon, check_coupon, revoke_coupon, make_codes]
