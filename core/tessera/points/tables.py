"""The ledger's tables: entries that are never changed, lots, what was taken from which lot, and balances."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Balance(Table, tablename="balance"):
    """What an account has of a unit; its row is locked by whoever books.

    ``balance`` is the sum of the entries, ``debt`` what is owed, ``seq`` the number of the last entry.
    """

    id = UUID(primary_key=True, default=None)
    account = UUID()
    unit = Varchar(length=60)
    balance = BigInt()
    debt = BigInt()
    seq = BigInt()

    one_each = Unique([account, unit])
    owes_or_not = Check(debt >= 0)


class Entry(Table, tablename="entry"):
    """One booking, never changed (a trigger sees to it).

    ``amount`` is signed. ``debt_change`` is the debt that a debit opened (positive) or a credit paid
    (negative). ``forgiven`` is the part of a return that had expired and is asked of nobody.
    ``seq`` counts the entries of the account in the unit; ``balance`` is the balance after it.
    ``at`` is when it counts, ``recorded_at`` when it was written. ``reverses`` is the entry that it takes back,
    wholly or in part: all that reverse one never exceed it (a trigger sees to that too). ``moves_to`` is the
    expiry that it gave to lots which were there before.
    """

    id = UUID(primary_key=True, default=None)
    account = UUID()
    unit = Varchar(length=60)
    seq = BigInt()
    kind = Varchar(length=20)
    amount = BigInt()
    balance = BigInt()
    debt_change = BigInt()
    forgiven = BigInt()
    at = Timestamptz()
    recorded_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    reason = Varchar(length=200)
    rule = Varchar(length=100, null=True, default=None)
    facts = JSONB()
    purchase = UUID(null=True, default=None)
    source = Varchar(length=40)
    source_id = UUID(null=True, default=None)
    store = UUID(null=True, default=None)
    actor = Text()
    actor_id = UUID(null=True, default=None)
    origin = Varchar(length=6)
    batch = UUID(null=True, default=None)
    reverses = UUID(null=True, default=None)
    rule_version = Integer(null=True, default=None)
    moves_to = Timestamptz(null=True, default=None)

    in_order = Unique([account, unit, seq])


class Lot(Table, tablename="lot"):
    """What one credit brought and what is left of it; ``expires_at`` is the first moment it is gone.

    It is that of the credit, unless the entry ``moved_by`` has given it another since. An ``idle`` lot lives on
    with each entry that its member earns or spends by.
    """

    id = UUID(primary_key=True, default=None)
    account = UUID()
    unit = Varchar(length=60)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, index=False)
    purchase = UUID(null=True, default=None)
    amount = BigInt()
    remaining = BigInt()
    opens_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    idle = Boolean(default=False)
    moved_by = UUID(null=True, default=None)

    never_negative = Check(remaining >= 0)


class Allocation(Table, tablename="allocation"):
    """What one entry took from one lot; negative where a reversal gave it back."""

    id = UUID(primary_key=True, default=None)
    entry = ForeignKey(Entry, on_delete=OnDelete.restrict, index=True)
    lot = ForeignKey(Lot, on_delete=OnDelete.restrict, index=True)
    amount = BigInt()
