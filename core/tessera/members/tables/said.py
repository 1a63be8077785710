"""What members said and what is written about them: consents, notes, attachments."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.access.tables import Staff
from tessera.members.tables.people import Member


class Consent(Table, tablename="consent"):
    """What a member said last about one purpose and channel; every word is in ``consent_word``."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict)
    purpose = Varchar(length=60)
    channel = Varchar(length=20)
    state = Varchar(length=8)
    source = Varchar(length=60)
    wording = Text(default="")
    given_by = Varchar(length=100, default="")
    guardian = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict)
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


class ConsentWord(Table, tablename="consent_word"):
    """Every word that was ever said about a consent, the refusals too: what ``consent`` was before."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    purpose = Varchar(length=60)
    channel = Varchar(length=20)
    state = Varchar(length=8)
    source = Varchar(length=60)
    wording = Text(default="")
    given_by = Varchar(length=100, default="")
    guardian = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict)
    actor = Varchar(length=200)
    at = Timestamptz()
    batch = UUID(null=True, default=None)


class Attachment(Table, tablename="attachment"):
    """A file or picture about a member; a sensitive one is sealed and asks for ``members.reveal``.

    ``file`` and ``thumbnail`` are ids in ``stored_file``, without a key: rows there go when their plugin goes.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    file = UUID(unique=True, default=None)
    thumbnail = UUID(null=True, default=None)
    title = Varchar(length=200)
    kind = Varchar(length=10)
    sensitive = Boolean(default=False)
    author = Varchar(length=200)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    at = Timestamptz()
