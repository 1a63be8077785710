"""Memberships with a term: what is sold, what members hold, the terms they paid, their holds and their history."""

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
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from tessera.plugin import Member


class MembershipProduct(Table, schema="wallet", tablename="membership_product"):
    """What is sold: ``term_n`` days, months or years, beginning at the sale or at the first visit.

    It lets in to ``stores`` (none: every one) on ``weekdays`` (1 Monday to 7 Sunday; none: every day), between two
    minutes of the store's day. ``renewals`` is how often one may be renewed, ``hold_days`` for how many days of a
    calendar year it may be held; NULL of the first is no limit.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    title = Varchar(length=100)
    term_unit = Varchar(length=6)
    term_n = SmallInt()
    begins = Varchar(length=5)
    stores = Array(base_column=UUID())
    weekdays = Array(base_column=SmallInt())
    from_minute = SmallInt(default=0)
    until_minute = SmallInt(default=1440)
    price = BigInt()
    currency = Varchar(length=3)
    renewals = SmallInt(null=True, default=None)
    hold_days = SmallInt(default=0)
    active = Boolean(default=True)
    created_at = Timestamptz()

    membership_product_term = Check(term_n > 0)
    membership_product_price = Check(price >= 0)
    membership_product_hours = Check(from_minute < until_minute)


class Membership(Table, schema="wallet", tablename="membership"):
    """One membership of one member; its state follows from its days.

    ``starts_on`` and ``ends_on`` (inclusive) are NULL until the first visit where that begins it. ``ended_on`` is
    the first day on which it holds no more, for a reason other than its end: refunded, cancelled, upgraded.
    ``told_for`` is the end of which it was told that it comes near. ``replaces`` is what it was upgraded from.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, null=False, on_delete=OnDelete.restrict)
    product = ForeignKey(MembershipProduct, null=False, on_delete=OnDelete.restrict)
    store = UUID(null=True, default=None)
    payer = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict)
    currency = Varchar(length=3)
    starts_on = Date(null=True, default=None)
    ends_on = Date(null=True, default=None)
    ended_on = Date(null=True, default=None)
    ended_as = Varchar(length=10, null=True, default=None)
    end_reason = Varchar(length=200, default="")
    replaces = UUID(null=True, default=None)
    told_for = Date(null=True, default=None)
    reference = Varchar(length=100, default="")
    batch = UUID(null=True, default=None)
    sold_at = Timestamptz()

    membership_days = Check(ends_on >= starts_on)


class MembershipTerm(Table, schema="wallet", tablename="membership_term"):
    """A term that was paid: the first at the sale, one more with each renewal; ``days`` once it is known when it runs.

    ``price`` is what it is worth when it is given back: what was paid, with the credit of an upgrade.
    """

    id = UUID(primary_key=True, default=None)
    membership = ForeignKey(Membership, null=False, on_delete=OnDelete.restrict)
    place = SmallInt()
    term_unit = Varchar(length=6)
    term_n = SmallInt()
    price = BigInt()
    days = Integer(null=True, default=None)
    paid_at = Timestamptz()

    membership_term_place = Unique(["membership", "place"])


class MembershipHold(Table, schema="wallet", tablename="membership_hold"):
    """Days, both inclusive, on which a membership rests; its end is later by as many."""

    id = UUID(primary_key=True, default=None)
    membership = ForeignKey(Membership, null=False, on_delete=OnDelete.restrict)
    from_on = Date()
    until_on = Date()
    reason = Varchar(length=200, default="")
    made_at = Timestamptz()

    membership_hold_days = Check(until_on >= from_on)


class MembershipChange(Table, schema="wallet", tablename="membership_change"):
    """What was done with a membership, in order; nothing of it is changed or deleted."""

    id = UUID(primary_key=True, default=None)
    membership = ForeignKey(Membership, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz()
    what = Varchar(length=20)
    amount = BigInt(null=True, default=None)
    from_on = Date(null=True, default=None)
    until_on = Date(null=True, default=None)
    other = UUID(null=True, default=None)
    actor = UUID(null=True, default=None)
    actor_label = Varchar(length=200)
