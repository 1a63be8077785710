"""Earning rules in all their versions, and the deeds that earned points."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Integer, Timestamptz, Varchar
from piccolo.constraints import Unique
from piccolo.table import Table


class EarningRule(Table, tablename="earning_rule"):
    """One version of an earning rule, never changed (a trigger sees to it): a change is the next version.

    A version counts from ``valid_from`` until the next one does; the first also for all that was before it.
    ``spec`` is a ``tessera_hooks.EarningSpec``.
    """

    id = UUID(primary_key=True, default=None)
    code = Varchar(length=100)
    version = Integer()
    plugin = Varchar(length=40, index=True)
    title = Varchar(length=200)
    spec = JSONB()
    enabled = Boolean(default=True)
    valid_from = Timestamptz()
    made_by = Varchar(length=200)

    earning_rule_version = Unique([code, version])


class Deed(Table, tablename="deed"):
    """Something that a member did and was given points for, by one rule.

    ``once`` is what makes it the same deed again: the day, the subject, or nothing for once ever. ``purchase`` is
    the one that it hangs on: a deed whose purchase came back altogether is taken back, and ``once`` is then its own
    id, so that it can be done again.
    """

    id = UUID(primary_key=True, default=None)
    account = UUID()
    deed = Varchar(length=60)
    rule = Varchar(length=100)
    once = Varchar(length=140)
    subject = Varchar(length=120, default="")
    purchase = UUID(null=True, default=None)
    store = UUID(null=True, default=None)
    at = Timestamptz()
    actor = Varchar(length=200)

    deed_done_once = Unique([account, rule, once])
