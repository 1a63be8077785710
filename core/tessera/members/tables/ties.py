"""What members are to each other and to staff, and what became of two that were one."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Bytea, Date, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.access.tables import Staff
from tessera.members.tables.people import Member


class MemberLink(Table, tablename="member_link"):
    """``other`` is the guardian, payer, household or employer of ``member``.

    A household is said once and read from both sides; an employer may be a name alone, in ``label``.
    """

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    other = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    kind = Varchar(length=20)
    label = Varchar(length=100, default="")
    since = Date(null=True, default=None)
    until = Date(null=True, default=None)
    actor = Varchar(length=200)
    created_at = Timestamptz()

    member_link_once = Unique([member, other, kind])


class MemberStaff(Table, tablename="member_staff"):
    """Who is responsible for a member in which role: "the member's coach"; one person a role."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict)
    staff = ForeignKey(Staff, on_delete=OnDelete.restrict, index=True)
    role = Varchar(length=80)
    actor = Varchar(length=200)
    since = Timestamptz()

    member_staff_once = Unique([member, role])


class MemberMerge(Table, tablename="member_merge"):
    """Two members that are one from here on: ``other`` lives on in ``survivor``.

    ``choices`` says from whom each field was taken; ``kept`` is what each room and plugin needs to
    give back what it moved: ids, codes and numbers. The values that the survivor had before are sealed,
    in ``before``. Undone merges stay, so that history can be told.
    """

    id = UUID(primary_key=True, default=None)
    survivor = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    other = ForeignKey(Member, on_delete=OnDelete.restrict)
    choices = JSONB()
    kept = JSONB()
    before = Bytea(null=True, default=None)
    actor = Varchar(length=200)
    at = Timestamptz()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = Varchar(length=200, null=True, default=None)
