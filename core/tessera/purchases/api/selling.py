"""Purchases and returns as JSON."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from tessera.access.service import store_of
from tessera.kernel.errors import FieldError, Invalid
from tessera.purchases import service
from tessera_hooks import _


class BuyerIn(msgspec.Struct, forbid_unknown_fields=True):
    """A member by id, or by an identity such as ``phone:13800138000``."""

    id: UUID | None = None
    identity: str | None = None


class PurchaseIn(msgspec.Struct, forbid_unknown_fields=True):
    """A purchase; amounts in minor units."""

    external_id: str
    source: str
    amount: int
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
    claims: list[dict[str, Any]] | None = None

    def as_new(self) -> service.NewPurchase:
        """The purchase for the service; what cannot be done yet is refused."""
        wrong = []
        if self.redeem:
            wrong.append(FieldError("redeem", _("spending points on a purchase is not available yet")))
        if self.claims:
            wrong.append(FieldError("claims", _("claims are not available yet")))
        if self.member is not None and (self.member.id is None) == (self.member.identity is None):
            wrong.append(FieldError("member", _("give the member's id or an identity")))
        if wrong:
            raise Invalid(wrong[0].message, wrong)
        given = {name: getattr(self, name) for name in _SAME}
        buyer = service.Buyer(self.member.id, self.member.identity) if self.member else service.Buyer()
        return service.NewPurchase(buyer=buyer, **given)


_SAME = [n for n in PurchaseIn.__struct_fields__ if n not in ("member", "redeem", "claims")]


class LineId(msgspec.Struct):
    """A line that was recorded."""

    id: UUID


class PurchasePoints(msgspec.Struct):
    """What a purchase did to points; ``available`` is ``null`` without a member."""

    earned: int
    redeemed: int
    available: int | None


class TierOut(msgspec.Struct):
    """The member's tier and whether this purchase changed it."""

    code: str | None = None
    changed: bool = False


class PurchaseDone(msgspec.Struct):
    """A purchase that was recorded."""

    id: UUID
    lines: list[LineId]
    member: UUID | None
    amount: int
    points: PurchasePoints
    tier: TierOut


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


class ReturnLineIn(msgspec.Struct, forbid_unknown_fields=True):
    """A quantity of a line that comes back."""

    line: UUID
    quantity: Decimal


class ReturnIn(msgspec.Struct, forbid_unknown_fields=True):
    """A return: of lines, of an amount, or of all that is left."""

    source: str
    external_id: str
    purchase: UUID | None = None
    purchase_external_id: str | None = None
    lines: list[ReturnLineIn] = []
    amount: int | None = None
    store: str | None = None
    at: datetime | None = None
    currency: str | None = None

    def as_new(self) -> service.NewReturn:
        """The return for the service."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name != "lines"}
        return service.NewReturn(**given, lines=[service.LineBack(line.line, line.quantity) for line in self.lines])


class ReturnPoints(msgspec.Struct):
    """What a return did to points; ``available`` is ``null`` without a member."""

    taken_back: int
    restored: int
    available: int | None
    debt: int


class ReturnDone(msgspec.Struct):
    """A return that was recorded; ``purchase`` is ``null`` as long as that is not known."""

    id: UUID
    purchase: UUID | None
    amount: int
    points: ReturnPoints


Limit = Annotated[int, QueryParameter(ge=1, le=200)]


@post("/purchases", permission="purchases.write")
async def record(data: JSONBody[PurchaseIn]) -> PurchaseDone:
    """Record a purchase."""
    done = await service.record_purchase(data.as_new())
    moved = PurchasePoints(done.points.earned, 0, done.points.available)
    return PurchaseDone(done.id, [LineId(line) for line in done.lines], done.member, done.amount, moved, TierOut())


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


@post("/returns", permission="purchases.write")
async def record_return(data: JSONBody[ReturnIn]) -> ReturnDone:
    """Record a return."""
    done = await service.record_return(data.as_new())
    moved = ReturnPoints(done.points.taken_back, 0, done.points.available, done.points.debt)
    return ReturnDone(done.id, done.purchase, done.amount, moved)


handlers = [record, list_purchases, record_return]
