"""What conditions may ask of a member's memberships; days are those of the business's zone."""

from tessera_hooks import Fact, _

_RUNS = (
    "FROM wallet.membership x WHERE x.member = m.id AND x.ended_on IS NULL "
    "AND {today}::date BETWEEN x.starts_on AND x.ends_on"
)

_HELD = (
    "EXISTS (SELECT 1 FROM wallet.membership_hold h WHERE h.membership = x.id "
    "AND {today}::date BETWEEN h.from_on AND h.until_on)"
)

_UNTIL = f"(SELECT max(x.ends_on) {_RUNS})"

FACTS = [
    Fact(
        "wallet.membership_active",
        _("Has an active membership"),
        "yes_no",
        f"EXISTS (SELECT 1 {_RUNS} AND NOT {_HELD})",
    ),
    Fact("wallet.membership_held", _("Has a membership on hold"), "yes_no", f"EXISTS (SELECT 1 {_RUNS} AND {_HELD})"),
    Fact("wallet.membership_until", _("Last day of the membership"), "date", _UNTIL),
    Fact("wallet.membership_days_left", _("Days until the membership ends"), "number", f"({_UNTIL} - {{today}}::date)"),
    Fact(
        "wallet.membership_ended_days",
        _("Days since the last membership ended"),
        "number",
        f"CASE WHEN NOT EXISTS (SELECT 1 {_RUNS}) THEN (SELECT {{today}}::date - max(least(y.ends_on, y.ended_on)) "
        "FROM wallet.membership y WHERE y.member = m.id AND (y.ended_on IS NOT NULL OR y.ends_on < {today}::date)) END",
    ),
    Fact(
        "wallet.memberships",
        _("Memberships that run"),
        "texts",
        "ARRAY(SELECT p.code::text FROM wallet.membership x JOIN wallet.membership_product p ON p.id = x.product "
        "WHERE x.member = m.id AND x.ended_on IS NULL AND {today}::date BETWEEN x.starts_on AND x.ends_on)",
        says=_("has the membership {value}"),
    ),
]
