"""What conditions may ask of stored value, and what tiers may be measured by; money in the business's currency."""

from __future__ import annotations

from tessera_hooks import Fact, TierMetric, _

_CURRENCY = "(SELECT currency FROM business)"

_PAID = f"FROM wallet.recharge r WHERE r.member = m.id AND r.currency = {_CURRENCY}"

_SUM = "coalesce((SELECT sum(r.paid - r.refunded)"

FACTS = [
    Fact(
        "wallet.balance",
        _("stored value that can be spent"),
        "number",
        "coalesce((SELECT sum(l.remaining) FROM lot l JOIN account a ON a.id = l.account WHERE a.member = m.id "
        f"AND l.unit IN ('wallet.stored_value.' || {_CURRENCY}, 'wallet.bonus_value.' || {_CURRENCY}) "
        "AND l.remaining > 0 AND l.opens_at <= {now} AND (l.expires_at IS NULL OR l.expires_at > {now})), 0)",
    ),
    Fact("wallet.recharged", _("sum of recharges"), "number", f"{_SUM} {_PAID}), 0)"),
    Fact(
        "wallet.days_since_recharge",
        _("days since the last recharge"),
        "number",
        "(SELECT {today}::date - (max(r.at) AT TIME ZONE (SELECT timezone FROM business))::date "
        "FROM wallet.recharge r WHERE r.member = m.id)",
    ),
]

METRICS = [
    TierMetric(
        "recharged",
        _("Recharged"),
        f"{_SUM} {_PAID} AND r.at >= {{since}} AND r.at < {{until}}), 0)",
        money=True,
        events=("wallet.recharged", "wallet.refunded"),
    ),
]
