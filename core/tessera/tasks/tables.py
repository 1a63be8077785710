"""Tasks for people."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from tessera.access.tables import Staff, Store
from tessera.members.tables import Member


class Task(Table, tablename="task"):
    """Something to do, for a role or for one person.

    ``title`` holds every language, so that it stays readable without the plugin it came from. ``key``
    is held by at most one open task; ``times`` counts how often it was asked for since it is open.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=60)
    plugin = Varchar(length=40, default="core", index=True)
    title = JSONB()
    detail = Text(default="")
    member = ForeignKey(Member, null=True, default=None, on_delete=OnDelete.restrict, index=True)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    role = Varchar(length=80, null=True, default=None)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    rule = Varchar(length=120, null=True, default=None)
    key = Varchar(length=300, null=True, default=None)
    times = Integer(default=1)
    state = Varchar(length=4, default="open")
    due_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    outcome = Text(null=True, default=None)
    done_at = Timestamptz(null=True, default=None)
    done_by = Varchar(length=200, null=True, default=None)
