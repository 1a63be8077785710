"""Members themselves, what identifies them, and the accounts that their entries belong to."""

from __future__ import annotations

from piccolo.columns import (
    UUID,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.access.tables import Store


class Member(Table, tablename="member"):
    """A person who belongs. ``name_key`` sorts names; ``batch`` is the import that created the row.

    The date of birth is solar, its year or all of it unknown; whoever keeps the birthday by the Chinese
    calendar has ``lunar_month`` and ``lunar_day`` too (``lunar_leap``: of a leap month).

    ``tier`` is the code of a tier above the one to begin with, written by nothing but the room of tiers.

    ``merged_into`` is who this member turned out to be: the row stays, so that old ids and numbers lead
    on. ``erased_at`` is when the person was taken out of the row: number and accounts stay, so that the
    ledger stays true.
    """

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, unique=True)
    name = Varchar(length=100)
    name_key = Text()
    gender = Varchar(length=6, null=True, default=None)
    birth_year = SmallInt(null=True, default=None)
    birth_month = SmallInt(null=True, default=None)
    birth_day = SmallInt(null=True, default=None)
    lunar_month = SmallInt(null=True, default=None)
    lunar_day = SmallInt(null=True, default=None)
    lunar_leap = Boolean(default=False)
    address = Bytea(null=True, default=None)
    language = Varchar(length=16, null=True, default=None)
    timezone = Varchar(length=64, null=True, default=None)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    source = Varchar(length=100, null=True, default=None)
    stage = Varchar(length=10, default="new")
    tier = Varchar(length=60, null=True, default=None)
    joined_on = Date(null=True, default=None)
    batch = UUID(null=True, default=None)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    version = Integer(default=1)
    merged_into = UUID(null=True, default=None)
    erased_at = Timestamptz(null=True, default=None)


class Account(Table, tablename="account"):
    """What entries and lots belong to; a member has one, and after a merge those of the other too.

    ``merge`` is the merge that brought it; new entries go to the account that none brought.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    merge = UUID(null=True, default=None)
    created_at = Timestamptz()


class Identity(Table, tablename="identity"):
    """Something by which exactly one member is known: sealed, and found through its ``lookup``."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=20)
    lookup = Bytea()
    sealed = Bytea()
    tail = Varchar(length=8)
    is_primary = Boolean(default=False)
    verified = Boolean(default=False)
    batch = UUID(null=True, default=None)
    created_at = Timestamptz()

    one_member = Unique([kind, lookup])


class Contact(Table, tablename="contact"):
    """A phone or address under which a member is reached, though it identifies someone else."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=20)
    lookup = Bytea()
    sealed = Bytea()
    tail = Varchar(length=8)
    batch = UUID(null=True, default=None)
    created_at = Timestamptz()

    contact_once = Unique([member, kind, lookup])
