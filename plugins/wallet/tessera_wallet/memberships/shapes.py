"""Memberships as programs send and see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from tessera.plugin import members, store_of
from tessera_wallet.desk import codes_known
from tessera_wallet.memberships.contract import Held, Product


class MembershipProductOut(msgspec.Struct):
    """A membership as it is sold: its term, the day it begins on, where and when it lets in; money in minor units."""

    code: str
    title: str
    term_unit: str
    term_n: int
    begins: str
    stores: list[str]
    weekdays: list[int]
    from_minute: int
    until_minute: int
    price: int
    currency: str
    renewals: int | None
    hold_days: int
    active: bool


class MembershipProductList(msgspec.Struct):
    """All memberships that are or were sold."""

    items: list[MembershipProductOut]


class HoldOut(msgspec.Struct):
    """Days on which a membership rests, both inclusive."""

    id: UUID
    from_on: date
    until_on: date


class MembershipOut(msgspec.Struct):
    """A membership; ``ends_on`` is its last day, ``worth`` what would be refunded today, in minor units."""

    id: UUID
    member: UUID
    payer: UUID | None
    product: str
    title: str
    state: str
    starts_on: date | None
    ends_on: date | None
    days_left: int | None
    paid: int
    worth: int
    currency: str
    renewed: int
    holds: list[HoldOut]
    store: str | None
    sold_at: datetime


class MembershipList(msgspec.Struct):
    """Memberships of a member."""

    items: list[MembershipOut]


class MembershipIn(msgspec.Struct, forbid_unknown_fields=True):
    """A membership to be sold; ``price`` is the product's where it is left out."""

    member: UUID
    product: str
    method: str = ""
    price: int | None = None
    payer: UUID | None = None
    starts_on: date | None = None
    store: str | None = None


class PaidIn(msgspec.Struct, forbid_unknown_fields=True):
    """How it is paid, and in which store."""

    method: str = ""
    store: str | None = None


class UpgradeIn(msgspec.Struct, forbid_unknown_fields=True):
    """What it becomes, and how the difference is paid."""

    product: str
    method: str = ""
    store: str | None = None


class HoldIn(msgspec.Struct, forbid_unknown_fields=True):
    """From which day until which day it rests, both inclusive."""

    from_on: date
    until_on: date
    reason: str = ""


class TransferIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who gets it."""

    to: UUID


class MembershipRefundIn(msgspec.Struct, forbid_unknown_fields=True):
    """How the money goes out; ``amount`` where it is less than what is left."""

    method: str = ""
    amount: int | None = None
    reason: str = ""
    store: str | None = None


class MembershipRefundOut(msgspec.Struct):
    """What was paid back, in minor units."""

    membership: UUID
    amount: int
    currency: str


class CancelIn(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


class EntryOut(msgspec.Struct):
    """Whether a member may enter, by which membership, and why not by others."""

    may: bool
    membership: UUID | None
    title: str
    until: date | None
    begins: bool
    reasons: list[str]


async def membership_out(held: Held) -> MembershipOut:
    """A membership as programs see it."""
    return (await memberships_out([held]))[0]


async def memberships_out(found: Sequence[Held]) -> list[MembershipOut]:
    """Memberships as programs see them; who paid is named where the actor sees them."""
    seen = await members.visible_among([held.payer for held in found if held.payer], "members.read")
    return [_out(held, held.payer if held.payer in seen else None) for held in found]


def _out(held: Held, payer: UUID | None) -> MembershipOut:
    store = store_of(held.store)
    same = ("id", "member", "state", "starts_on", "ends_on", "days_left", "paid", "worth", "currency")
    return MembershipOut(
        **{name: getattr(held, name) for name in same},
        payer=payer,
        product=held.product.code,
        title=held.product.title,
        renewed=len(held.terms) - 1,
        holds=[HoldOut(hold.id, hold.from_on, hold.until_on) for hold in held.holds],
        store=store.code if store else None,
        sold_at=held.sold_at,
    )


def product_out(product: Product) -> MembershipProductOut:
    """A membership that is sold as programs see it."""
    same = {name: getattr(product, name) for name in MembershipProductOut.__struct_fields__ if name != "stores"}
    return MembershipProductOut(**same, stores=codes_known(product.stores))
