"""Purchases as JSON: recorded, thought of, listed, claimed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from tessera.access.service import store_of
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service.standing import tier_code
from tessera.purchases import service
from tessera.purchases.api.previewing import PreviewOut, preview_out
from tessera_hooks import Claim, _


class BuyerIn(msgspec.Struct, forbid_unknown_fields=True):
    """A member by id, or by an identity such as ``phone:13800138000``."""

    id: UUID | None = None
    identity: str | None = None

    def as_buyer(self) -> service.Buyer:
        """The buyer for the service; one of the two is given."""
        if (self.id is None) == (self.identity is None):
            message = _("give the member's id or an identity")
            raise Invalid(message, [FieldError("member", message)])
        return service.Buyer(self.id, self.identity)


class ClaimIn(msgspec.Struct, forbid_unknown_fields=True):
    """Something that the customer holds out, by its kind: ``wallet.coupon``."""

    kind: str
    value: str


class SaleIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What purchases and baskets share; amounts in minor units.

    ``redeem`` names ``points``; ``claims`` are used up once each.
    """

    member: BuyerIn | None = None
    unknown_member: Literal["keep", "create", "refuse"] = "keep"
    store: str | None = None
    staff: str | None = None
    at: datetime | None = None
    currency: str | None = None
    discount: int = 0
    lines: list[service.NewLine] = []
    payments: list[service.NewPayment] = []
    redeem: dict[str, int] | None = None
    claims: list[ClaimIn] | None = None


class PurchaseIn(SaleIn, kw_only=True, forbid_unknown_fields=True):
    """A purchase, by the number that its source has given it; ``amount`` is what is owed, in minor units."""

    external_id: str
    source: str
    amount: int


class BasketIn(SaleIn, kw_only=True, forbid_unknown_fields=True):
    """A purchase that is only thought of: a recorded one without its number; lines may stand for ``amount``."""

    amount: int = 0
    external_id: str = ""
    source: str = ""


def _as_new(given: PurchaseIn | BasketIn) -> service.NewPurchase:
    """The purchase for the service."""
    same = {name: getattr(given, name) for name in given.__struct_fields__ if name not in _OTHERWISE}
    return service.NewPurchase(
        buyer=given.member.as_buyer() if given.member else service.Buyer(),
        redeem={unit: amount for unit, amount in (given.redeem or {}).items() if amount},
        claims=[Claim(claim.kind, claim.value) for claim in given.claims or ()],
        **same,
    )


_OTHERWISE = ("member", "redeem", "claims")


class LineId(msgspec.Struct):
    """A line that was recorded."""

    id: UUID


class PurchasePoints(msgspec.Struct):
    """What a purchase did to points; ``available`` is ``null`` without a member."""

    earned: int
    redeemed: int
    available: int | None


class TierOut(msgspec.Struct):
    """The member's tier and whether this purchase changed it; ``null`` without a member."""

    code: str | None = None
    changed: bool = False


class PurchaseDone(msgspec.Struct):
    """A purchase that was recorded; ``claim_code`` is for the receipt of a sale without a member."""

    id: UUID
    lines: list[LineId]
    member: UUID | None
    amount: int
    points: PurchasePoints
    tier: TierOut
    claim_code: str | None


def _points(moved: service.PointsMoved) -> PurchasePoints:
    return PurchasePoints(moved.earned, moved.redeemed, moved.available)


def _tier(moved: service.TierMoved, member: UUID | None) -> TierOut:
    return TierOut(tier_code(moved.code), moved.changed) if member is not None else TierOut()


class ClaimantIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who claims a purchase."""

    member: BuyerIn


class CodeIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who claims the purchase of a receipt's code."""

    code: str
    member: BuyerIn


class ClaimedOut(msgspec.Struct):
    """A purchase that has a member now, and what it earned."""

    id: UUID
    member: UUID
    amount: int
    points: PurchasePoints
    tier: TierOut

    @classmethod
    def of(cls, done: service.Claimed) -> ClaimedOut:
        """A claimed purchase as programs see it."""
        return cls(done.id, done.member, done.amount, _points(done.points), _tier(done.tier, done.member))


class LineOut(msgspec.Struct):
    """A line; ``quantity``, ``unit_price`` and ``returned`` as decimal strings."""

    id: UUID
    sku: str | None
    name: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal | None
    amount: int
    returned: Decimal


class PurchaseOut(msgspec.Struct):
    """A purchase; ``store`` by code, ``returned`` in minor units."""

    id: UUID
    source: str
    external_id: str
    member: UUID | None
    store: str | None
    at: datetime
    currency: str
    amount: int
    discount: int
    returned: int
    origin: str
    lines: list[LineOut]

    @classmethod
    def of(cls, facts: service.PurchaseFacts) -> PurchaseOut:
        """A purchase as programs see it."""
        store = store_of(facts.store)
        same = {n: getattr(facts, n) for n in cls.__struct_fields__ if n not in ("store", "lines")}
        lines = [LineOut(**{n: getattr(line, n) for n in LineOut.__struct_fields__}) for line in facts.lines]
        return cls(**same, store=store.code if store else None, lines=lines)


class PurchaseList(msgspec.Struct):
    """A page of purchases."""

    items: list[PurchaseOut]
    next: UUID | None


Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@post("/purchases", permission="purchases.write")
async def record(data: JSONBody[PurchaseIn]) -> PurchaseDone:
    """Record a purchase."""
    done = await service.record_purchase(_as_new(data))
    lines = [LineId(line) for line in done.lines]
    return PurchaseDone(
        done.id, lines, done.member, done.amount, _points(done.points), _tier(done.tier, done.member), done.claim_code
    )


@post("/purchases/preview", permission="purchases.write", status_code=200)
async def preview(data: JSONBody[BasketIn]) -> PreviewOut:
    """What a purchase would come to; nothing is changed."""
    return preview_out(await service.preview(_as_new(data)))


@put("/purchases/{purchase:uuid}/member", permission="purchases.write")
async def claim(purchase: FromPath[UUID], data: JSONBody[ClaimantIn]) -> ClaimedOut:
    """Give a sale that was made without a member to one."""
    return ClaimedOut.of(await service.claim_purchase(purchase, data.member.as_buyer()))


@post("/purchases/claim", permission="purchases.write", status_code=200)
async def claim_by_code(data: JSONBody[CodeIn]) -> ClaimedOut:
    """Give the sale of a receipt's code to a member."""
    return ClaimedOut.of(await service.claim_by_code(data.code, data.member.as_buyer()))


@get("/purchases", permission="purchases.read")
async def list_purchases(
    member: FromQuery[UUID | None] = None,
    source: FromQuery[str | None] = None,
    external_id: FromQuery[str | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Limit = 50,
) -> PurchaseList:
    """The purchases of this key's stores, the latest first."""
    found = await service.purchases(
        member=member, source=source, external_id=external_id, before=cursor, limit=limit + 1
    )
    more = found[limit - 1].id if len(found) > limit else None
    return PurchaseList([PurchaseOut.of(purchase) for purchase in found[:limit]], more)


handlers = [record, preview, list_purchases, claim, claim_by_code]
