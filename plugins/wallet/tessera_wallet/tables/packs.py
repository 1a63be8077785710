"""Prepaid packs: kinds of sessions, what is sold, what members bought of it, and every session that was used.

What is left of a pack is in the ledger, in the unit of its kind; money is in minor units of the row's currency.
``store`` and ``staff`` are ids of the core's.
"""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from tessera.plugin import Member


class SessionKind(Table, schema="wallet", tablename="session_kind"):
    """What a pack holds sessions of: yoga, a facial, a lesson of maths."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=30)
    title = Varchar(length=60)

    session_kind_code = Unique([code])


class PackProduct(Table, schema="wallet", tablename="pack_product"):
    """A pack as it is sold: ``bought`` sessions and ``gifted`` ones on top, for a price.

    It is valid for ever (``validity`` is ``never``), or ``validity_n`` ``days`` or ``months`` from the
    ``purchase`` or the ``first_use``. ``stores`` are ids where it is sold and used, ``None`` for every store;
    ``shareable`` opens it to the member's household; ``lessons`` are those of pupils, with their legal limits.
    """

    id = UUID(primary_key=True, default=None)
    title = Varchar(length=100)
    kind = ForeignKey(SessionKind, on_delete=OnDelete.restrict, null=False, index=False)
    bought = Integer()
    gifted = Integer(default=0)
    price = BigInt()
    currency = Varchar(length=3)
    validity = Varchar(length=10, default="never")
    validity_n = Integer(default=0)
    validity_from = Varchar(length=10, default="purchase")
    stores = JSONB(null=True, default=None)
    shareable = Boolean(default=False)
    lessons = Boolean(default=False)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    pack_product_holds = Check((bought > 0) & (gifted >= 0) & (price >= 0))


class Pack(Table, schema="wallet", tablename="pack"):
    """A pack that a member bought, with all that was agreed at that moment.

    ``expires_at`` is the first moment at which it is gone, ``None`` as long as that is not known (valid for ever,
    or from a first use that has not been). ``ended_at`` and ``refunded`` say when it was given back and for
    how much.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    payer = ForeignKey(Member, on_delete=OnDelete.restrict, null=True, default=None, index=True)
    product = ForeignKey(PackProduct, on_delete=OnDelete.restrict, null=True, default=None, index=False)
    title = Varchar(length=100)
    kind = ForeignKey(SessionKind, on_delete=OnDelete.restrict, null=False, index=False)
    bought = Integer()
    gifted = Integer(default=0)
    price = BigInt()
    currency = Varchar(length=3)
    payments = JSONB()
    validity = Varchar(length=10, default="never")
    validity_n = Integer(default=0)
    validity_from = Varchar(length=10, default="purchase")
    stores = JSONB(null=True, default=None)
    shareable = Boolean(default=False)
    first_used_at = Timestamptz(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    refunded = BigInt(default=0)
    reference = Varchar(length=120, default="")
    store = UUID(null=True, default=None)
    staff = UUID(null=True, default=None)
    at = Timestamptz(default=None)
    origin = Varchar(length=6, default="live")
    batch = UUID(null=True, default=None)

    pack_holds = Check((bought >= 0) & (gifted >= 0) & ((bought > 0) | (gifted > 0)))
    pack_refunded_within_price = Check((refunded >= 0) & (refunded <= price))


class PackUse(Table, schema="wallet", tablename="pack_use"):
    """Sessions that were used from one pack, and by whom: the holder, or someone of the household.

    ``redemption`` is shared by all rows of one going to the desk, which may have drawn on several packs.
    """

    id = UUID(primary_key=True, default=None)
    redemption = UUID(index=True)
    pack = ForeignKey(Pack, on_delete=OnDelete.restrict, null=False, index=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    units = Integer()
    entry = UUID()
    store = UUID(null=True, default=None)
    staff = UUID(null=True, default=None)
    at = Timestamptz(default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_because = Varchar(length=200, default="")

    pack_use_counts = Check(units > 0)
