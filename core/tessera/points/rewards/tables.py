"""The catalogue of rewards, in which stores each is handed out, and what members redeemed."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from tessera.access.tables import Staff, Store
from tessera.members.tables import Account, Member
from tessera.points.tables import Entry


class Reward(Table, tablename="reward"):
    """One thing that members can have for points.

    ``title`` and ``description`` hold a text for each language. ``kind`` is ``goods``, ``cash_off`` or
    ``donation``, or a plugin's with its name before it; ``detail`` is what the kind needs to know. ``tiers``
    holds the price for members of a tier by its code, ``points`` that of all others. Without ``stock`` there
    is no end to it. A member gets it ``member_limit`` times in a ``period``, or in all where that is empty.
    It is offered from ``since`` until, not including, ``until``. ``plugin`` is the one that hands it out.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=60, unique=True)
    title = JSONB()
    description = JSONB()
    kind = Varchar(length=80)
    detail = JSONB()
    points = BigInt()
    tiers = JSONB()
    stock = BigInt(null=True, default=None)
    member_limit = Integer(null=True, default=None)
    period = Varchar(length=10, default="")
    since = Timestamptz(null=True, default=None)
    until = Timestamptz(null=True, default=None)
    enabled = Boolean(default=True)
    version = Integer()
    plugin = Varchar(length=40)
    changed_at = Timestamptz()

    reward_has_price = Check(points > 0)
    reward_stock_left = Check(stock >= 0)
    reward_member_limit = Check(member_limit > 0)


class RewardStore(Table, tablename="reward_store"):
    """A store that hands a reward out; a reward without any is handed out in all."""

    id = UUID(primary_key=True, default=None)
    reward = ForeignKey(Reward, on_delete=OnDelete.cascade, index=False)
    store = ForeignKey(Store, on_delete=OnDelete.restrict, index=True)

    reward_store_once = Unique([reward, store])


class Redemption(Table, tablename="redemption"):
    """A reward that a member took for points, booked by ``entry``.

    ``kind`` and ``detail`` are the reward's at that moment: what was paid for stays worth it, whatever becomes of
    the catalogue. ``code`` is shown when it is picked up. ``status`` is ``open``, ``handed_over`` or
    ``cancelled``; ``given`` is what a plugin gave for it, such as a coupon's code; ``stocked`` says that it was
    taken from the stock. ``purchase`` is the one that took the money off.
    """

    id = UUID(primary_key=True, default=None)
    reward = ForeignKey(Reward, on_delete=OnDelete.restrict, index=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=False)
    account = ForeignKey(Account, on_delete=OnDelete.restrict, index=False)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, index=True)
    points = BigInt()
    kind = Varchar(length=80)
    detail = JSONB()
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    actor = Text()
    code = Varchar(length=20, unique=True)
    status = Varchar(length=12)
    given = Text(null=True, default=None)
    stocked = Boolean()
    purchase = UUID(null=True, default=None)
    at = Timestamptz()
    handed_over_at = Timestamptz(null=True, default=None)
    handed_over_by = Text(null=True, default=None)
    cancelled_at = Timestamptz(null=True, default=None)
    cancelled_by = Text(null=True, default=None)
    reason = Text(null=True, default=None)
    plugin = Varchar(length=40)
