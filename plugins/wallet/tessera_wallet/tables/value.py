"""Stored value: what is offered for a recharge, recharges, what was paid with them, and what was paid out again.

What a member has is in the ledger; these rows say how it came there and where it went. Money is in minor units
of the row's currency. ``store`` and ``staff`` are ids of the core's.
"""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Date, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from tessera.plugin import Member


class RechargeOffer(Table, schema="wallet", tablename="recharge_offer"):
    """Pay ``pay`` and get ``bonus`` on top, from a day until a day (both included, in the business's zone).

    ``stores`` are ids, ``None`` for every store; ``per_member`` is how often one member may take it;
    ``bonus_days`` how long this bonus lasts, ``None`` for what the settings say.
    """

    id = UUID(primary_key=True, default=None)
    title = Varchar(length=100)
    currency = Varchar(length=3)
    pay = BigInt()
    bonus = BigInt()
    from_day = Date(null=True, default=None)
    until_day = Date(null=True, default=None)
    stores = JSONB(null=True, default=None)
    per_member = Integer(null=True, default=None)
    bonus_days = Integer(null=True, default=None)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)

    recharge_offer_pays = Check(pay > 0)
    recharge_offer_gives = Check(bonus >= 0)


class Recharge(Table, schema="wallet", tablename="recharge"):
    """Money that a member paid ahead; ``bonus`` is what was given on top.

    ``earns`` says what earns points: the ``recharge`` itself, the ``spending`` of it, or ``nothing``, as it was
    set at that moment. ``refunded`` is how much of ``paid`` was taken out again, ``bonus_lapsed`` how much of the
    bonus is settled by that. ``payments`` lists method and amount.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    offer = ForeignKey(RechargeOffer, on_delete=OnDelete.restrict, null=True, default=None, index=False)
    offer_title = Varchar(length=100, null=True, default=None)
    currency = Varchar(length=3)
    paid = BigInt()
    bonus = BigInt()
    payments = JSONB()
    earns = Varchar(length=10)
    refunded = BigInt(default=0)
    bonus_lapsed = BigInt(default=0)
    reference = Varchar(length=120, default="")
    store = UUID(null=True, default=None)
    staff = UUID(null=True, default=None)
    at = Timestamptz(default=None)
    origin = Varchar(length=6, default="live")
    batch = UUID(null=True, default=None)

    recharge_brings_something = Check((paid >= 0) & (bonus >= 0) & ((paid > 0) | (bonus > 0)))
    recharge_refunded_once = Check((refunded >= 0) & (refunded <= paid))
    recharge_lapsed_once = Check((bonus_lapsed >= 0) & (bonus_lapsed <= bonus))


class ValueRefund(Table, schema="wallet", tablename="value_refund"):
    """Principal of a recharge that was taken out again.

    ``principal`` left the member's balance, ``bonus`` lapsed with it, ``kept`` of the principal stayed with the
    shop for bonus that had been spent already; ``principal - kept`` was paid out.
    """

    id = UUID(primary_key=True, default=None)
    recharge = ForeignKey(Recharge, on_delete=OnDelete.restrict, null=False, index=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    currency = Varchar(length=3)
    principal = BigInt()
    bonus = BigInt()
    kept = BigInt()
    method = Varchar(length=60)
    reason = Varchar(length=200)
    store = UUID(null=True, default=None)
    staff = UUID(null=True, default=None)
    at = Timestamptz(default=None)

    value_refund_adds_up = Check((principal > 0) & (bonus >= 0) & (kept >= 0) & (kept <= principal))


class ValuePayment(Table, schema="wallet", tablename="value_payment"):
    """What one purchase took of a member's stored value, principal and bonus apart, each by its entry.

    ``not_earning`` is the part that had earned, or never earns; ``principal_back`` and ``bonus_back`` are what
    returns have given back.
    """

    id = UUID(primary_key=True, default=None)
    purchase = UUID()
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    currency = Varchar(length=3)
    principal = BigInt()
    bonus = BigInt()
    principal_entry = UUID(null=True, default=None)
    bonus_entry = UUID(null=True, default=None)
    not_earning = BigInt(default=0)
    principal_back = BigInt(default=0)
    bonus_back = BigInt(default=0)
    store = UUID(null=True, default=None)
    at = Timestamptz(default=None)

    value_payment_once = Unique([purchase])
    value_payment_of_principal = Check((principal >= 0) & (principal_back >= 0) & (principal_back <= principal))
    value_payment_of_bonus = Check((bonus >= 0) & (bonus_back >= 0) & (bonus_back <= bonus))
