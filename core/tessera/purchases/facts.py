"""What conditions may ask of a member's purchases and visits.

Days are those of the business's zone; ``purchases.sum`` is in minor units of its currency, returns taken off.
``purchases.first_at`` is the first purchase that did not come back altogether.
``visits.days_away`` counts from the last of purchases and visits, and where there is none from the day on which
the member was entered here.
"""

from __future__ import annotations

from tessera_hooks import Fact, Text, _
from tessera_hooks.conditions import FactType


def _kept(name: str, title: Text, type_: FactType, expression: str) -> Fact:
    return Fact(name, title, type_, f"(SELECT {expression} FROM member_stats s WHERE s.member = m.id)")


_LAST_PURCHASE = "(s.last_purchase_at AT TIME ZONE (SELECT timezone FROM business))::date"

_LAST_HERE = "greatest(s.last_visit_on, " + _LAST_PURCHASE + ")"
_ENTERED = "(m.created_at AT TIME ZONE (SELECT timezone FROM business))::date"

_SINCE = "(({{today}}::date - {before})::timestamp AT TIME ZONE (SELECT timezone FROM business))"


def _window(days: int) -> list[Fact]:
    """What was bought in the last days, today included, less what has come back of it since."""
    bought = f"FROM purchase p WHERE p.member = m.id AND p.at >= {_SINCE.format(before=days - 1)}"
    own = "p.currency = (SELECT currency FROM business)"
    spent = f"(SELECT coalesce(sum(p.amount - p.returned), 0)::bigint {bought} AND {own})"
    return [
        Fact(
            f"purchases.count_{days}_days",
            _("number of purchases in {n} days", n=days),
            "number",
            f"(SELECT count(*) {bought})",
        ),
        Fact(f"purchases.sum_{days}_days", _("sum of purchases in {n} days", n=days), "number", spent),
    ]


WINDOWS = (30, 90, 365)
"""Days, today included, over which purchases are counted and summed."""

FACTS = [
    *[fact for days in WINDOWS for fact in _window(days)],
    Fact(
        "purchases.count",
        _("number of purchases"),
        "number",
        "coalesce((SELECT s.purchases FROM member_stats s WHERE s.member = m.id), 0)",
    ),
    Fact(
        "purchases.sum",
        _("sum of purchases"),
        "number",
        "coalesce((SELECT s.spent FROM member_stats s WHERE s.member = m.id), 0)",
    ),
    Fact(
        "purchases.average",
        _("average purchase"),
        "number",
        "(SELECT round(s.spent::numeric / s.purchases) FROM member_stats s WHERE s.member = m.id AND s.purchases > 0)",
    ),
    Fact(
        "purchases.first_at",
        _("moment of the first purchase"),
        "moment",
        "(SELECT min(p.at) FROM purchase p WHERE p.member = m.id AND (p.returned < p.amount OR p.amount = 0))",
    ),
    _kept(
        "purchases.days_since_last", _("days since the last purchase"), "number", f"{{today}}::date - {_LAST_PURCHASE}"
    ),
    Fact(
        "visits.count",
        _("number of visits"),
        "number",
        "coalesce((SELECT s.visits FROM member_stats s WHERE s.member = m.id), 0)",
    ),
    _kept("visits.last_day", _("day of the last visit"), "date", "s.last_visit_on"),
    _kept("visits.days_since_last", _("days since the last visit"), "number", "{today}::date - s.last_visit_on"),
    Fact(
        "visits.days_away",
        _("days without purchase or visit"),
        "number",
        f"{{today}}::date - coalesce((SELECT {_LAST_HERE} FROM member_stats s WHERE s.member = m.id), {_ENTERED})",
    ),
]
