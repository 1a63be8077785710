"""What the plugin keeps."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Date, Integer, Numeric, SmallInt, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.plugin import Record


class Check(Record, schema="dummy", tablename="check_up"):
    """One of every kind of field."""

    score = Numeric(digits=(5, 2), null=True, default=None)
    remark = Text(null=True, default=None)
    colour = Varchar(length=20, null=True, default=None)
    passed = Boolean(null=True, default=None)
    next_on = Date(null=True, default=None)
    doubled = Numeric(digits=(6, 2), null=True, default=None)
    doubled_version = SmallInt(null=True, default=None)


class Habit(Record, schema="dummy", tablename="habit"):
    """What someone is used to, one row a member."""

    drink = Varchar(length=20, null=True, default=None)
    sugar = Numeric(digits=(3, 1), null=True, default=None)
    worry = Text(null=True, default=None)

    one_a_member = Unique(["member"])


class Seen(Table, schema="dummy", tablename="seen"):
    """What reactions and hooks noticed, for tests to look at."""

    id = UUID(primary_key=True, default=None)
    what = Varchar(length=80)
    about = UUID(null=True, default=None)
    amount = Integer(null=True, default=None)
    at = Timestamptz()
