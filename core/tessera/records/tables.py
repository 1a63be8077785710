"""What every table of records has, whichever plugin it belongs to."""

from __future__ import annotations

from piccolo.columns import UUID, Date, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table

from tessera.access.tables import Store
from tessera.members.tables import Member


class Record(Table):
    """The base of a plugin's tables about members: ``class BodyTest(Record, schema="fitness", tablename="body_test")``.

    It brings whom the record is about, where and on which day (in the store's zone) it was taken, by
    whom, and how often it has been changed; the subclass adds what is measured or asked, as columns
    with ``null=True, default=None``. Piccolo copies these columns into each subclass; there is no
    table of this class itself.
    """

    __abstract__ = True

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, null=False, index=True)
    store = ForeignKey(Store, on_delete=OnDelete.restrict, null=False)
    recorded_on = Date(default=None, index=True)
    staff = UUID(null=True, default=None)
    origin = Varchar(length=6, default="live")
    batch = UUID(null=True, default=None)
    note = Text(null=True, default=None)
    created_at = Timestamptz(default=None)
    version = SmallInt(default=1)
