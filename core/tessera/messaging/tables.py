"""Texts as the integrator changed them, and one row for every recipient considered."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Bytea, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from tessera.access.tables import Store
from tessera.members.tables import Member


class OwnTemplate(Table, tablename="message_template"):
    """A declared template's texts as this business wants them, by language; ``plugin`` is the template's."""

    code = Varchar(length=120, primary_key=True)
    plugin = Varchar(length=40, default="core", index=True)
    subject = JSONB()
    body = JSONB()
    updated_at = Timestamptz()
    updated_by = Varchar(length=200)


class Message(Table, tablename="message"):
    """One recipient considered: blocked and why, or due and what became of it.

    No address is kept: it is asked for when the message goes out. ``content`` is the sealed text, from
    the moment in which it goes out; ``given`` are sealed values that the text needs. ``cause`` is what a
    rule fired for. ``answer`` is the mail server's code (RFC 5321).
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    recipient = Varchar(length=10, default="member")
    channel = Varchar(length=20)
    template = Varchar(length=120)
    purpose = Varchar(length=60)
    plugin = Varchar(length=40, default="core", index=True)
    rule = Varchar(length=120, null=True, default=None)
    cause = Varchar(length=120, null=True, default=None)
    origin = Varchar(length=10, default="rule")
    state = Varchar(length=10)
    reason = Varchar(length=40, null=True, default=None)
    answer = SmallInt(null=True, default=None)
    given = Bytea(null=True, default=None)
    content = Bytea(null=True, default=None)
    due_at = Timestamptz(null=True, default=None)
    lease_until = Timestamptz(null=True, default=None)
    attempts = Integer(default=0)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
