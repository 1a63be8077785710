"""How each rule is set, and what it did."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Date, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table

from tessera.members.tables import Member


class RuleSwitch(Table, tablename="rule_switch"):
    """A rule as this business set it; ``version`` grows with every change.

    It acts only on causes whose day is ``since`` or later. ``backlog_until`` is the moment up to which
    members count who met it before: set by the integrator's explicit choice, gone after one run.
    """

    code = Varchar(length=120, primary_key=True)
    plugin = Varchar(length=40, index=True)
    enabled = Boolean(default=False)
    enabled_at = Timestamptz(null=True, default=None)
    since = Date(null=True, default=None)
    parameters = JSONB()
    backlog_until = Timestamptz(null=True, default=None)
    version = Integer(default=1)
    updated_at = Timestamptz()
    updated_by = Varchar(length=200)


class RuleRun(Table, tablename="rule_run"):
    """One day's run of a rule: what it saw, for whom it acted, and why it did not for the others.

    ``seen`` = ``acted`` + the sum of ``skipped``. A rule that was changed runs again on that day.
    """

    id = UUID(primary_key=True, default=None)
    rule = Varchar(length=120)
    plugin = Varchar(length=40, index=True)
    day = Date()
    version = Integer()
    parameters = JSONB()
    with_backlog = Boolean(default=False)
    seen = Integer(default=0)
    acted = Integer(default=0)
    skipped = JSONB()
    started_at = Timestamptz()
    lease_until = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    error = Text(null=True, default=None)

    once_a_day = Unique([rule, day, version])


class RuleFiring(Table, tablename="rule_firing"):
    """A rule fired for a member and a cause: once, however often it is looked at.

    ``outcome`` is ``acted``, or why nothing came of it; ``did`` names the message and the task.
    """

    id = UUID(primary_key=True, default=None)
    rule = Varchar(length=120)
    plugin = Varchar(length=40, index=True)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, index=True)
    cause = Varchar(length=120)
    run = ForeignKey(RuleRun, on_delete=OnDelete.restrict, index=True)
    outcome = Varchar(length=40)
    did = JSONB()
    at = Timestamptz()

    rule_firing_once = Unique([rule, member, cause])
