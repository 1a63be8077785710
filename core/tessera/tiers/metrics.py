"""What members may qualify by: what the core counts, and what plugins declare.

Each is SQL over ``member m`` and the moments ``{since}`` and ``{until}``, both midnights of the business's zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tessera.kernel.plugins import host
from tessera.kernel.plugins.host import CORE
from tessera_hooks import TierMetric, _

_CURRENCY = "(SELECT b.currency FROM business b)"
_ZONE = "(SELECT b.timezone FROM business b)"

RATE = f"""(SELECT x.factor FROM exchange_rate x WHERE x.currency = p.currency AND x.into = {_CURRENCY}
    AND x.since <= (p.at AT TIME ZONE {_ZONE})::date ORDER BY x.since DESC LIMIT 1)"""
"""What one minor unit of the purchase ``p`` was worth on its day in the business's; NULL where no rate is known."""

_LEFT = """CASE WHEN p.points_paid = 0 THEN p.amount - p.returned
    ELSE div((p.amount - p.returned)::numeric * (p.amount - p.points_paid), p.amount) END"""
"""What is left of a purchase, without the part that points have paid."""

_WORTH = f"CASE WHEN p.currency = {_CURRENCY} THEN {_LEFT} ELSE round(({_LEFT}) * {RATE}) END"

SPEND = f"""coalesce((SELECT sum({_WORTH})::bigint
    FROM purchase p WHERE p.member = m.id AND p.at >= {{since}} AND p.at < {{until}}), 0)"""

POINTS = """coalesce((SELECT sum(e.amount - e.forgiven)::bigint FROM account a JOIN entry e ON e.account = a.id
    LEFT JOIN entry o ON o.id = e.reverses
    LEFT JOIN purchase p ON p.id = e.purchase AND e.kind = 'take_back'
    WHERE a.member = m.id AND e.unit = 'points' AND (e.kind IN ('earn', 'take_back') OR o.kind IN ('earn', 'take_back'))
    AND coalesce(o.at, p.at, e.at) >= {since} AND coalesce(o.at, p.at, e.at) < {until}), 0)"""
"""Points earned, on the day on which they were; what is taken back counts off on the day of its purchase."""

VISITS = f"""(SELECT count(*) FROM visit v WHERE v.member = m.id
    AND v.day >= ({{since}} AT TIME ZONE {_ZONE})::date AND v.day < ({{until}} AT TIME ZONE {_ZONE})::date)"""

PURCHASES = """(SELECT count(*) FROM purchase p WHERE p.member = m.id AND p.at >= {since} AND p.at < {until}
    AND (p.returned < p.amount OR p.amount = 0))"""

REFERRALS = """(SELECT count(*) FROM member_link l CROSS JOIN LATERAL (
        SELECT min(p.at) AS at FROM purchase p WHERE p.member = l.member AND p.returned < p.amount) f
    WHERE l.other = m.id AND l.kind = 'referrer' AND f.at >= {since} AND f.at < {until})"""
"""Members whom someone brought, on the day on which they first bought and kept it."""

_BOUGHT = ("purchase.recorded", "purchase.claimed")

CORE_METRICS = (
    TierMetric("spend", _("Spent"), SPEND, money=True, events=("purchase.recorded",)),
    TierMetric("points", _("Points earned"), POINTS, events=("points.earned",)),
    TierMetric("visits", _("Visits"), VISITS, events=("visit.recorded",)),
    TierMetric("purchases", _("Number of purchases"), PURCHASES, events=("purchase.recorded",)),
    TierMetric("referrals", _("Members brought who have bought"), REFERRALS, events=_BOUGHT),
)


def all_metrics() -> Mapping[str, TierMetric]:
    """Everything that can be counted now, by full name; what a plugin that rests declares cannot."""
    found = {metric.name: metric for metric in CORE_METRICS}
    for declared in host().declared_in("tier_metrics"):
        name = declared.value.name if declared.plugin == CORE else f"{declared.plugin}.{declared.value.name}"
        found[name] = declared.value
    return found


def value_sql(name: str, since: str, until: str) -> str:
    """A metric as an SQL expression over ``member m``; NULL for one that cannot be counted."""
    metric = all_metrics().get(name)
    if metric is None:
        return "NULL::bigint"
    return f"({metric.sql.replace('{since}', since).replace('{until}', until)})::bigint"


def can_be_counted(names: Sequence[str]) -> bool:
    """Whether all of some metrics are there."""
    known = all_metrics()
    return all(name in known for name in names)
