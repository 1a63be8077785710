"""Stored value as JSON: recharges, refunds, corrections, and what a member has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from tessera.plugin import members, store_of
from tessera_wallet.desk import Paid, codes_known
from tessera_wallet.packs.api import PackOut, packs_out
from tessera_wallet.packs.reading import packs_of
from tessera_wallet.permissions import ADJUST, READ, RECHARGE, REFUND
from tessera_wallet.value.adjusting import adjust
from tessera_wallet.value.offers import OfferFacts, all_offers
from tessera_wallet.value.reading import held, recharges_of
from tessera_wallet.value.recharging import NewRecharge, recharge
from tessera_wallet.value.refunding import preview_refund, refund
from tessera_wallet.value.rows import RechargeFacts

TAGS = ["wallet"]


class HeldOut(msgspec.Struct):
    """What a member can spend in one currency."""

    currency: str
    principal: int
    bonus: int


class RechargeOut(msgspec.Struct):
    """A recharge; ``refunded`` is how much of ``amount`` was paid out again."""

    id: UUID
    member: UUID
    store: str | None
    at: datetime
    currency: str
    amount: int
    bonus: int
    offer: UUID | None
    refunded: int
    payments: list[dict[str, Any]]


class WalletOut(msgspec.Struct):
    """What a member has paid ahead."""

    value: list[HeldOut]
    packs: list[PackOut]
    recharges: list[RechargeOut]


class RechargeIn(msgspec.Struct, forbid_unknown_fields=True):
    """A recharge: ``amount`` is paid, by ``payments`` that add up to it; an ``offer`` brings its bonus."""

    member: UUID
    amount: int
    payments: list[Paid]
    offer: UUID | None = None
    store: str | None = None
    currency: str | None = None
    reference: str = ""


class RefundIn(msgspec.Struct, forbid_unknown_fields=True):
    """Principal to be paid out; without ``amount`` all that is left of the recharge."""

    method: str
    reason: str
    amount: int | None = None
    store: str | None = None


class RefundOut(msgspec.Struct):
    """What a refund does: ``principal`` and ``bonus`` leave, ``kept`` stays for spent bonus, the rest is paid out."""

    id: UUID | None
    recharge: UUID
    currency: str
    principal: int
    bonus: int
    kept: int
    paid_out: int


class AdjustmentIn(msgspec.Struct, forbid_unknown_fields=True):
    """A correction by hand; ``amount`` may be below zero."""

    member: UUID
    part: Literal["principal", "bonus"]
    amount: int
    reason: str
    store: str | None = None
    currency: str | None = None


class AdjustmentOut(msgspec.Struct):
    """The entry of a correction."""

    entry: UUID


class OfferOut(msgspec.Struct):
    """An offer; days are included, ``stores`` by code."""

    id: UUID
    title: str
    currency: str
    pay: int
    bonus: int
    from_day: date | None
    until_day: date | None
    stores: list[str] | None
    per_member: int | None
    active: bool


class OfferList(msgspec.Struct):
    """All offers."""

    items: list[OfferOut]


def recharge_out(row: RechargeFacts) -> RechargeOut:
    """A recharge as programs see it."""
    store = store_of(row.store)
    return RechargeOut(
        id=row.id,
        member=row.member,
        store=store.code if store else None,
        at=row.at,
        currency=row.currency,
        amount=row.paid,
        bonus=row.bonus,
        offer=row.offer,
        refunded=row.refunded,
        payments=row.payments,
    )


def _offer_out(offer: OfferFacts) -> OfferOut:
    same = {name: getattr(offer, name) for name in OfferOut.__struct_fields__ if name != "stores"}
    return OfferOut(**same, stores=None if offer.stores is None else codes_known(offer.stores))


@get("/members/{member:uuid}", permission=READ, operation_id="wallet.member", tags=TAGS)
async def show_wallet(member: FromPath[UUID]) -> WalletOut:
    """What a member can spend of stored value, their packs, their recharges."""
    here = await members.need_visible(member, READ)
    return WalletOut(
        [HeldOut(one.currency, one.principal, one.bonus) for one in await held(here)],
        await packs_out(await packs_of(here)),
        [recharge_out(row) for row in await recharges_of(here)],
    )


@get("/offers", permission=READ, operation_id="wallet.offers", tags=TAGS)
async def list_offers() -> OfferList:
    """All offers, those that are on first."""
    return OfferList([_offer_out(offer) for offer in await all_offers()])


@post("/recharges", permission=RECHARGE, operation_id="wallet.recharge", tags=TAGS)
async def take_recharge(data: JSONBody[RechargeIn]) -> RechargeOut:
    """Take money ahead."""
    given = {name: getattr(data, name) for name in RechargeIn.__struct_fields__}
    return recharge_out(await recharge(NewRecharge(**given)))


@get("/recharges/{recharge:uuid}/refund", permission=REFUND, operation_id="wallet.refund_preview", tags=TAGS)
async def show_refund(recharge: FromPath[UUID], amount: FromQuery[int | None] = None) -> RefundOut:
    """What a refund would do; changes nothing."""
    row, done = await preview_refund(recharge, amount)
    return RefundOut(None, row.id, row.currency, done.principal, done.bonus, done.kept, done.paid_out)


@post("/recharges/{recharge:uuid}/refunds", permission=REFUND, operation_id="wallet.refund", tags=TAGS)
async def make_refund(recharge: FromPath[UUID], data: JSONBody[RefundIn]) -> RefundOut:
    """Pay principal of a recharge out again."""
    made = await refund(recharge, data.amount, method=data.method, reason=data.reason, store=data.store)
    done = made.refund
    return RefundOut(
        made.id, made.recharge.id, made.recharge.currency, done.principal, done.bonus, done.kept, done.paid_out
    )


@post("/adjustments", permission=ADJUST, operation_id="wallet.adjust", tags=TAGS)
async def make_adjustment(data: JSONBody[AdjustmentIn]) -> AdjustmentOut:
    """Correct principal or bonus by hand."""
    entry = await adjust(
        data.member, data.part, data.amount, reason=data.reason, store=data.store, currency=data.currency
    )
    return AdjustmentOut(entry)


handlers = [show_wallet, list_offers, take_recharge, show_refund, make_refund, make_adjustment]
