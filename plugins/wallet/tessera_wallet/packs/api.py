"""Packs as JSON: what is sold, selling, using, undoing, taking back, extending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from tessera.plugin import members, store_of
from tessera_wallet.desk import Paid
from tessera_wallet.packs.products import all_products
from tessera_wallet.packs.reading import holder_of, packs_of
from tessera_wallet.packs.returning import extend, take_back
from tessera_wallet.packs.rows import PackFacts
from tessera_wallet.packs.selling import NewPack, sell
from tessera_wallet.packs.using import Redemption, undo, use
from tessera_wallet.permissions import READ, REDEEM, REFUND_PACK, SELL

TAGS = ["wallet"]


class PackOut(msgspec.Struct):
    """A pack; ``left`` can be used now, ``state`` is ``open``, ``used``, ``expired`` or ``ended`` (given back)."""

    id: UUID
    member: UUID
    payer: UUID | None
    title: str
    kind: str
    bought: int
    gifted: int
    left: int
    price: int
    currency: str
    shareable: bool
    expires_at: datetime | None
    state: str
    refunded: int
    store: str | None
    at: datetime


class PackList(msgspec.Struct):
    """Packs of a member."""

    items: list[PackOut]


class PackIn(msgspec.Struct, forbid_unknown_fields=True):
    """A pack to be sold; ``price`` is what is paid, the product's where it is left out."""

    member: UUID
    product: UUID
    payments: list[Paid]
    price: int | None = None
    payer: UUID | None = None
    store: str | None = None
    reference: str = ""


class UseIn(msgspec.Struct, forbid_unknown_fields=True):
    """Sessions to be used; ``member`` is who uses them, the holder where it is left out."""

    units: int = 1
    member: UUID | None = None
    store: str | None = None


class UseOfKindIn(msgspec.Struct, forbid_unknown_fields=True):
    """Sessions of a kind to be used, from all packs of the member and the household."""

    kind: str
    units: int = 1
    store: str | None = None


class PackPart(msgspec.Struct):
    """Sessions from one pack."""

    pack: UUID
    units: int


class RedemptionOut(msgspec.Struct):
    """Sessions that were used, from which packs, and how many of the kind are left to the member."""

    id: UUID
    member: UUID
    units: int
    packs: list[PackPart]
    left: int


class WhyIn(msgspec.Struct, forbid_unknown_fields=True):
    """A reason."""

    reason: str


class PackRefundIn(msgspec.Struct, forbid_unknown_fields=True):
    """How the money goes out, and why."""

    method: str
    reason: str
    store: str | None = None


class PackRefundOut(msgspec.Struct):
    """What was paid out for how many unused bought sessions; gifted ones lapsed."""

    pack: UUID
    unused: int
    gifted: int
    amount: int
    currency: str


class ExtensionIn(msgspec.Struct, forbid_unknown_fields=True):
    """The last day on which the pack can be used."""

    until: date
    reason: str


class ProductOut(msgspec.Struct):
    """A pack as it is sold; validity is ``never``, or so many ``days`` or ``months`` from purchase or first use."""

    id: UUID
    title: str
    kind: str
    bought: int
    gifted: int
    price: int
    currency: str
    validity: str
    validity_n: int
    validity_from: str
    shareable: bool
    active: bool


class ProductList(msgspec.Struct):
    """All packs that are or were sold."""

    items: list[ProductOut]


async def pack_out(pack: PackFacts) -> PackOut:
    """A pack as programs see it."""
    return (await packs_out([pack]))[0]


async def packs_out(found: Sequence[PackFacts]) -> list[PackOut]:
    """Packs as programs see them; who paid is named where the actor sees them."""
    seen = await members.visible_among([pack.payer for pack in found if pack.payer], "members.read")
    return [_out(pack, pack.payer if pack.payer in seen else None) for pack in found]


def _out(pack: PackFacts, payer: UUID | None) -> PackOut:
    own = [name for name in PackOut.__struct_fields__ if name not in ("state", "store", "payer")]
    store = store_of(pack.store)
    same = {name: getattr(pack, name) for name in own}
    return PackOut(**same, payer=payer, state=pack.state(), store=store.code if store else None)


def _used(done: Redemption) -> RedemptionOut:
    parts = [PackPart(pack, units) for pack, units in done.packs]
    return RedemptionOut(done.id, done.member, done.units, parts, done.left)


@get("/pack-products", permission=READ, operation_id="wallet.pack_products", tags=TAGS)
async def list_products() -> ProductList:
    """All packs that are or were sold, those that are on first."""
    found = await all_products()
    return ProductList(
        [ProductOut(**{name: getattr(one, name) for name in ProductOut.__struct_fields__}) for one in found]
    )


@get("/packs", permission=READ, operation_id="wallet.packs", tags=TAGS)
async def list_packs(member: FromQuery[UUID]) -> PackList:
    """A member's packs, those that can be used first."""
    here = await members.need_visible(member, READ)
    return PackList(await packs_out(await packs_of(here)))


@post("/packs", permission=SELL, operation_id="wallet.pack_sell", tags=TAGS)
async def sell_pack(data: JSONBody[PackIn]) -> PackOut:
    """Sell a pack."""
    return await pack_out(await sell(NewPack(**{name: getattr(data, name) for name in PackIn.__struct_fields__})))


@post("/packs/{pack:uuid}/redemptions", permission=REDEEM, operation_id="wallet.pack_redeem", tags=TAGS)
async def use_pack(pack: FromPath[UUID], data: JSONBody[UseIn]) -> RedemptionOut:
    """Use sessions of a pack."""
    member = data.member or await holder_of(pack, REDEEM)
    return _used(await use(member, units=data.units, pack=pack, store=data.store))


@post("/members/{member:uuid}/sessions", permission=REDEEM, operation_id="wallet.sessions_use", tags=TAGS)
async def use_kind(member: FromPath[UUID], data: JSONBody[UseOfKindIn]) -> RedemptionOut:
    """Use sessions of a kind, nearest expiry first."""
    return _used(await use(member, units=data.units, kind=data.kind, store=data.store))


@post("/redemptions/{redemption:uuid}/undo", permission=REDEEM, operation_id="wallet.sessions_undo", tags=TAGS)
async def undo_use(redemption: FromPath[UUID], data: JSONBody[WhyIn]) -> None:
    """Give used sessions back to the packs they came from."""
    await undo(redemption, reason=data.reason)


@post("/packs/{pack:uuid}/refunds", permission=REFUND_PACK, operation_id="wallet.pack_refund", tags=TAGS)
async def refund_pack(pack: FromPath[UUID], data: JSONBody[PackRefundIn]) -> PackRefundOut:
    """Take a pack back: price × unused bought ÷ bought is paid out, rounded down to the minor unit."""
    found, done = await take_back(pack, method=data.method, reason=data.reason, store=data.store)
    return PackRefundOut(found.id, done.unused, done.gifted, done.amount, found.currency)


@post("/packs/{pack:uuid}/extensions", permission=REFUND_PACK, operation_id="wallet.pack_extend", tags=TAGS)
async def extend_pack(pack: FromPath[UUID], data: JSONBody[ExtensionIn]) -> PackOut:
    """Let a pack be used until another day."""
    return await pack_out(await extend(pack, data.until, reason=data.reason))


handlers = [list_products, list_packs, sell_pack, use_pack, use_kind, undo_use, refund_pack, extend_pack]
