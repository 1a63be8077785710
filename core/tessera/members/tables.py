"""Members, what identifies them, what they agreed to, and the imports that brought them.

Three tables have no class here because their keys have two columns, which Piccolo cannot say; the
migration ``members_keys`` makes them: ``member_store`` (where a member is known), ``member_token``
(what a name search finds) and ``import_row`` (what became of each row of an import).
"""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
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

from tessera.access.tables import Staff, Store


class Member(Table, tablename="member"):
    """A person who belongs. ``name_key`` sorts names; ``batch`` is the import that created the row."""

    id = UUID(primary_key=True, default=None)
    number = Varchar(length=20, unique=True)
    name = Varchar(length=100)
    name_key = Text()
    gender = Varchar(length=6, null=True, default=None)
    birth_year = SmallInt(null=True, default=None)
    birth_month = SmallInt(null=True, default=None)
    birth_day = SmallInt(null=True, default=None)
    address = Bytea(null=True, default=None)
    language = Varchar(length=16, null=True, default=None)
    timezone = Varchar(length=64, null=True, default=None)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    source = Varchar(length=100, null=True, default=None)
    stage = Varchar(length=10, default="new")
    joined_on = Date(null=True, default=None)
    batch = UUID(null=True, default=None)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    version = Integer(default=1)


class Account(Table, tablename="account"):
    """What entries and lots belong to; a member has one, and after a merge those of the other too."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
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


class Consent(Table, tablename="consent"):
    """What a member said last about one purpose and channel; what was said before is in the events."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict)
    purpose = Varchar(length=60)
    channel = Varchar(length=20)
    state = Varchar(length=8)
    source = Varchar(length=60)
    wording = Text(default="")
    given_by = Varchar(length=100, default="")
    at = Timestamptz()
    batch = UUID(null=True, default=None)

    latest = Unique([member, purpose, channel])


class MemberNote(Table, tablename="member_note"):
    """A remark about a member, sealed; ``lookup`` tells an import that it is there already."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict)
    text = Bytea()
    lookup = Bytea()
    author = Varchar(length=200)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    batch = UUID(null=True, default=None)
    at = Timestamptz()

    member_note_once = Unique([member, lookup])


class ImportBatch(Table, tablename="import_batch"):
    """One import: which file with which options, how far it has come, and what became of its rows.

    ``position`` is the last line whose chunk was committed. ``state`` is ``running``, ``done`` or ``undone``.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=40)
    file_name = Varchar(length=255)
    sha256 = Bytea()
    options = JSONB()
    state = Varchar(length=8, default="running")
    position = BigInt(default=0)
    read = BigInt(default=0)
    created = BigInt(default=0)
    updated = BigInt(default=0)
    unchanged = BigInt(default=0)
    rejected = BigInt(default=0)
    actor = Varchar(length=200)
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
