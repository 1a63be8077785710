"""What conditions may ask of a member's points."""

from tessera_hooks import Fact, _

FACTS = [
    Fact(
        "points.available",
        _("points available"),
        "number",
        "((SELECT coalesce(sum(l.remaining), 0) FROM lot l JOIN account a ON a.id = l.account"
        " WHERE a.member = m.id AND l.unit = 'points' AND l.remaining > 0 AND l.opens_at <= {now}"
        " AND (l.expires_at IS NULL OR l.expires_at > {now}))"
        " - (SELECT coalesce(sum(b.debt), 0) FROM balance b JOIN account a ON a.id = b.account"
        " WHERE a.member = m.id AND b.unit = 'points'))",
    ),
    Fact(
        "points.earned",
        _("points earned so far"),
        "number",
        "coalesce((SELECT sum(e.amount) FROM entry e JOIN account a ON a.id = e.account"
        " WHERE a.member = m.id AND e.unit = 'points' AND e.kind IN ('earn', 'take_back')), 0)",
    ),
    Fact(
        "points.earned_on",
        _("day on which points were last earned"),
        "date",
        "(SELECT (max(e.at) AT TIME ZONE (SELECT timezone FROM business))::date FROM entry e"
        " JOIN account a ON a.id = e.account WHERE a.member = m.id AND e.unit = 'points' AND e.kind = 'earn')",
    ),
]
