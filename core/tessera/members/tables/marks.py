"""How members are sorted: tags, stages, and the fields that a business adds."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from tessera.access.tables import Staff
from tessera.members.tables.people import Member


class Tag(Table, tablename="tag"):
    """A word that members are sorted by; unique whatever the case of its letters."""

    id = UUID(primary_key=True, default=None)
    name = Varchar(length=60)
    tone = Varchar(length=20, default="")
    plugin = Varchar(length=40, default="core")
    created_at = Timestamptz()


class StageChange(Table, tablename="stage_change"):
    """A member moved from one stage to another: by whom or by which rule, and why."""

    id = UUID(primary_key=True, default=None)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    before = Varchar(length=10)
    after = Varchar(length=10)
    reason = JSONB()
    rule = Varchar(length=120, null=True, default=None)
    actor = Varchar(length=200)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    at = Timestamptz()


class StageRule(Table, tablename="stage_rule"):
    """When members move by themselves: those of the stages ``before`` who meet ``condition`` go to ``after``."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    before = JSONB()
    after = Varchar(length=10)
    condition = JSONB()
    place = Integer()
    active = Boolean(default=True)
    changed_at = Timestamptz()


class CustomField(Table, tablename="custom_field"):
    """A field of members that this business added: ``label`` by language, ``choices`` as code and label."""

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=40, unique=True)
    kind = Varchar(length=10)
    label = JSONB()
    choices = JSONB()
    required = Boolean(default=False)
    sensitive = Boolean(default=False)
    searchable = Boolean(default=False)
    place = Integer()
    active = Boolean(default=True)
    created_at = Timestamptz()
