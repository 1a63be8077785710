"""Coupons: what each kind gives and where it holds, the batches of codes, and every single coupon."""

from __future__ import annotations

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check
from piccolo.table import Table

from tessera.plugin import Member


class CouponKind(Table, schema="wallet", tablename="coupon_kind"):
    """A campaign: ``amount`` off, ``percent`` off with a ``cap``, or a ``gift``, in minor units of ``currency``.

    ``minimum`` is what the articles that it holds for must come to. A coupon holds ``valid_days`` from its issue
    (the day itself is the first), and no longer than from ``valid_from`` to ``valid_until``, both inclusive. Empty
    ``stores``, ``skus`` and ``categories`` are no limit. ``issued`` counts the coupons that were issued and not
    revoked; new ones are given while ``enabled``, between ``issue_from`` and ``issue_until``.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    title = Varchar(length=100)
    gives = Varchar(length=7)
    amount = BigInt(default=0)
    percent = SmallInt(default=0)
    cap = BigInt(null=True, default=None)
    gift = Varchar(length=100, default="")
    currency = Varchar(length=3)
    minimum = BigInt(default=0)
    valid_days = Integer(null=True, default=None)
    valid_from = Date(null=True, default=None)
    valid_until = Date(null=True, default=None)
    stacks = Boolean(default=False)
    stores = Array(base_column=UUID())
    skus = Array(base_column=Varchar(length=100))
    categories = Array(base_column=Varchar(length=100))
    total_limit = Integer(null=True, default=None)
    member_limit = Integer(null=True, default=None)
    issued = Integer(default=0)
    issue_from = Date(null=True, default=None)
    issue_until = Date(null=True, default=None)
    enabled = Boolean(default=True)
    created_at = Timestamptz()

    coupon_kind_limit = Check(issued <= total_limit)
    coupon_kind_issued = Check(issued >= 0)
    coupon_kind_percent = Check(percent <= 100)
    coupon_kind_amount = Check(amount >= 0)


class CouponBatch(Table, schema="wallet", tablename="coupon_batch"):
    """Codes that were made at once, for whoever holds them."""

    id = UUID(primary_key=True, default=None)
    kind = ForeignKey(CouponKind, null=False, on_delete=OnDelete.restrict)
    pieces = Integer()
    made_at = Timestamptz()
    actor_label = Varchar(length=200)


class Coupon(Table, schema="wallet", tablename="coupon"):
    """One coupon: of a member, or for whoever holds its code; used once, in one purchase.

    ``code`` is kept as it is compared, without dashes. ``source`` and ``source_id`` say what it was given for; the
    same cause gives one coupon. ``used_by`` is the member of the purchase.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    kind = ForeignKey(CouponKind, null=False, on_delete=OnDelete.restrict)
    batch = ForeignKey(CouponBatch, null=True, default=None, on_delete=OnDelete.restrict)
    member = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict)
    state = Varchar(length=7)
    issued_at = Timestamptz()
    opens_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    store = UUID(null=True, default=None)
    reason = Varchar(length=200, default="")
    source = Varchar(length=20)
    source_id = UUID(null=True, default=None)
    import_batch = UUID(null=True, default=None)
    purchase = UUID(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)
    used_by = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict)
