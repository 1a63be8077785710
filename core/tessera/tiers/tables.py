"""Tiers as the business defines them, which member is in which, every change with its evidence, and rates."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.access.tables import Staff
from tessera.members.tables import Member


class Tier(Table, tablename="tier"):
    """One tier: ``rank`` 0 is the one that members begin with, which asks for nothing.

    ``name`` holds a text for each language. ``version`` grows with each change of what it asks for or gives.
    An archived tier is reached by nobody new; who has it keeps it until their qualification ends.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=60, unique=True)
    name = JSONB()
    rank = Integer()
    tone = Varchar(length=20, default="")
    criteria = JSONB()
    benefits = JSONB()
    version = Integer()
    archived_at = Timestamptz(null=True, default=None)
    changed_at = Timestamptz()


class MemberTier(Table, tablename="member_tier"):
    """Since when a member has their tier and until when it is theirs; no row where they never left the first one.

    ``tier`` is the same as the member's. ``until`` is the first moment after the qualification, empty where it
    has no end; ``grace_until`` that after the days of grace. ``by_hand`` says that a person decided; ``pinned``
    that the person decided for less than what was reached, so that nothing raises the member until then.
    What was counted for the tier lies between ``counted_since`` and ``counted_until``.
    """

    member = ForeignKey(Member, primary_key=True, on_delete=OnDelete.restrict)
    tier = Varchar(length=60, null=True, default=None)
    since = Timestamptz()
    until = Timestamptz(null=True, default=None)
    counted_since = Timestamptz(null=True, default=None)
    counted_until = Timestamptz(null=True, default=None)
    warned_at = Timestamptz(null=True, default=None)
    grace_until = Timestamptz(null=True, default=None)
    by_hand = Boolean(default=False)
    pinned = Boolean(default=False)


class TierChange(Table, tablename="tier_change"):
    """One change of a member's tier, never changed itself (a trigger sees to it).

    ``before`` and ``after`` are codes, the first tier's included. ``why`` is a code; ``reason`` what a person
    wrote; ``evidence`` what was counted, held against what, over which days, under which version.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=False)
    before = Varchar(length=60)
    after = Varchar(length=60)
    direction = Varchar(length=4)
    why = Varchar(length=20)
    reason = Text(default="")
    evidence = JSONB()
    actor = Varchar(length=200)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict, index=False)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    at = Timestamptz()


class ExchangeRate(Table, tablename="exchange_rate"):
    """From a day on one unit of ``currency`` is ``rate`` units of ``into``; ``factor`` is the same in minor units."""

    id = UUID(primary_key=True, default=None)
    currency = Varchar(length=3)
    into = Varchar(length=3)
    since = Date()
    rate = Numeric()
    factor = Numeric()

    exchange_rate_a_day = Unique([currency, into, since])
