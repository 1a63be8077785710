"""Pairs of members who may be one person."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.members.tables.people import Member


class Duplicate(Table, tablename="duplicate"):
    """Two members who look like one person: ``one`` has the smaller id.

    ``reasons`` are codes, ``score`` is their weight. ``state`` is ``open`` or ``dismissed``: what was
    dismissed is not asked again. ``batch`` is the import that brought the younger of the two. A merged
    pair stays as it is and is not shown, so that an undone merge shows it again.
    """

    id = UUID(primary_key=True, default=None)
    one = ForeignKey(Member, on_delete=OnDelete.restrict)
    other = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    reasons = JSONB()
    score = SmallInt()
    state = Varchar(length=9, default="open")
    batch = UUID(null=True, default=None)
    found_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Varchar(length=200, null=True, default=None)

    duplicate_once = Unique([one, other])
