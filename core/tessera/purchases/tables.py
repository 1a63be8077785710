"""Purchases with their lines and payments, returns, visits, and what follows from them for each member."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from tessera.access.tables import Staff, Store
from tessera.members.tables import Account, Member


class Purchase(Table, tablename="purchase"):
    """What someone bought: known by its source and the source's own number.

    ``amount`` is what was owed after ``discount``, in minor units; ``returned`` how much of it came
    back; ``points_paid`` the part of it that was paid with points, ``not_earning`` the part that earns nothing
    because what paid for it has earned already. ``tier`` is the member's at that moment, ``tier_reached`` the one
    that it led them to.
    ``claim_code`` stands on the receipt of a sale without a member, for whoever claims it later; ``shift`` is
    the one in which it was sold. ``fingerprint`` tells the same contents from others.
    """

    id = UUID(primary_key=True, default=None)
    source = Varchar(length=80)
    external_id = Varchar(length=120)
    fingerprint = Bytea()
    member = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    account = ForeignKey(Account, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    at = Timestamptz()
    currency = Varchar(length=3)
    amount = BigInt()
    discount = BigInt()
    returned = BigInt()
    points_paid = BigInt()
    not_earning = BigInt(default=0)
    tier = Varchar(length=60, null=True, default=None)
    tier_reached = Varchar(length=60, null=True, default=None)
    claim_code = Varchar(length=20, null=True, default=None, unique=True)
    shift = UUID(null=True, default=None)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    recorded_at = Timestamptz()

    purchase_once = Unique([source, external_id])
    not_more_than_bought = Check(returned <= amount)


class PurchaseLine(Table, tablename="purchase_line"):
    """One line of a receipt: ``amount`` in minor units, ``unit_price`` in whole ones; ``returned`` is a quantity."""

    id = UUID(primary_key=True, default=None)
    purchase = ForeignKey(Purchase, on_delete=OnDelete.cascade, index=True)
    place = Integer()
    sku = Varchar(length=80, null=True, default=None)
    name = Text(null=True, default=None)
    category = Varchar(length=120, null=True, default=None)
    quantity = Numeric()
    unit_price = Numeric(null=True, default=None)
    amount = BigInt()
    returned = Numeric()
    staff = JSONB(null=True, default=None)


class Payment(Table, tablename="payment"):
    """How a part of a purchase was paid: so much by a method, in minor units of the purchase's currency."""

    id = UUID(primary_key=True, default=None)
    purchase = ForeignKey(Purchase, on_delete=OnDelete.cascade, index=True)
    place = SmallInt()
    method = Varchar(length=60)
    amount = BigInt()


class Return(Table, tablename="purchase_return"):
    """What came back; without ``purchase`` as long as that is not known (an orphan).

    ``purchase_external_id`` is the source's number of the purchase, for when it arrives.
    """

    id = UUID(primary_key=True, default=None)
    source = Varchar(length=80)
    external_id = Varchar(length=120)
    fingerprint = Bytea()
    purchase = ForeignKey(Purchase, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    purchase_external_id = Varchar(length=120, null=True, default=None)
    member = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    at = Timestamptz()
    currency = Varchar(length=3)
    amount = BigInt()
    shift = UUID(null=True, default=None)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    recorded_at = Timestamptz()

    purchase_return_once = Unique([source, external_id])


class ReturnLine(Table, tablename="purchase_return_line"):
    """One line that came back; ``line`` where it is known which one of the purchase it was."""

    id = UUID(primary_key=True, default=None)
    purchase_return = ForeignKey(Return, on_delete=OnDelete.cascade, index=True)
    line = ForeignKey(PurchaseLine, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    place = Integer()
    sku = Varchar(length=80, null=True, default=None)
    name = Text(null=True, default=None)
    quantity = Numeric()
    amount = BigInt()


class Refund(Table, tablename="refund"):
    """What went back to the customer for a return, by method, in minor units."""

    id = UUID(primary_key=True, default=None)
    purchase_return = ForeignKey(Return, on_delete=OnDelete.cascade, index=True)
    place = SmallInt()
    method = Varchar(length=60)
    amount = BigInt()


class PurchaseClaim(Table, tablename="purchase_claim"):
    """Something of a plugin's that a purchase used up: a coupon; once for each kind and value."""

    id = UUID(primary_key=True, default=None)
    purchase = ForeignKey(Purchase, on_delete=OnDelete.cascade, index=True)
    place = SmallInt()
    kind = Varchar(length=80)
    value = Text()
    plugin = Varchar(length=40)


class LineCredit(Table, tablename="line_credit"):
    """Whose sale a line is, by shares that add up to the line's part of what was owed; minor units."""

    id = UUID(primary_key=True, default=None)
    line = ForeignKey(PurchaseLine, on_delete=OnDelete.cascade, index=True)
    staff = ForeignKey(Staff, on_delete=OnDelete.restrict, index=True)
    share = Numeric()
    amount = BigInt()


class Shift(Table, tablename="shift"):
    """Someone's time at a till of a store: from the float in the drawer to what was counted, by method.

    ``expected`` and ``counted`` are minor units by method of payment, set when it ends; the difference explains
    itself in ``note``.
    """

    id = UUID(primary_key=True, default=None)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    staff = ForeignKey(Staff, on_delete=OnDelete.restrict, index=True)
    currency = Varchar(length=3)
    opened_at = Timestamptz()
    opening = BigInt()
    closed_at = Timestamptz(null=True, default=None)
    closed_by = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    expected = JSONB(null=True, default=None)
    counted = JSONB(null=True, default=None)
    note = Text(default="")


class Taking(Table, tablename="taking"):
    """Money that came in (or went out, below zero) otherwise than for a purchase or a return.

    ``kind`` begins with the plugin that took it (``wallet.recharge``); ``subject`` is the plugin's own row;
    ``note`` is why cash was put in or taken out by hand.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=80)
    subject = UUID(null=True, default=None)
    member = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    shift = UUID(null=True, default=None)
    method = Varchar(length=60)
    amount = BigInt()
    currency = Varchar(length=3)
    at = Timestamptz()
    actor = Text()
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    note = Text(default="")


class BroughtEntitlement(Table, tablename="brought_entitlement"):
    """A row of another system that became a plugin's ``subject``: known again by account, kind and ``fingerprint``.

    Rows stay with the account that they were written for, so that a merge changes nothing of what is known.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=80)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, index=False)
    fingerprint = Bytea()
    contents = Bytea()
    subject = UUID()
    batch = UUID(index=True)

    brought_entitlement_once = Unique([account, kind, fingerprint])


class Visit(Table, tablename="visit"):
    """A member was in a store on a day of the store's zone; one a day and store."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=False)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    day = Date()
    kind = Varchar(length=40)
    purchase = UUID(null=True, default=None)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    at = Timestamptz()


class MemberStats(Table, tablename="member_stats"):
    """What follows from a member's purchases, returns and visits; can be rebuilt from them.

    ``spent`` is in the business's currency, returns taken off; purchases in others are only counted.
    """

    member = ForeignKey(Member, primary_key=True, on_delete=OnDelete.restrict)
    purchases = Integer()
    spent = BigInt()
    last_purchase_at = Timestamptz(null=True, default=None)
    visits = Integer()
    last_visit_on = Date(null=True, default=None)
