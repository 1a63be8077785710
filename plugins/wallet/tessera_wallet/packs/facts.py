"""What conditions may ask of packs."""

from __future__ import annotations

from tessera_hooks import Fact, _

_OPEN = (
    "FROM wallet.pack p WHERE p.member = m.id AND p.ended_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > {now})"
)

_LEFT = (
    "SELECT coalesce(sum(l.remaining), 0) FROM entry e JOIN lot l ON l.entry = e.id "
    "WHERE e.kind = 'credit' AND e.source_id = p.id AND l.remaining > 0 "
    "AND (l.expires_at IS NULL OR l.expires_at > {now})"
)

FACTS = [
    Fact("wallet.sessions", _("sessions left in packs"), "number", f"coalesce((SELECT sum(({_LEFT})) {_OPEN}), 0)"),
    Fact(
        "wallet.pack_ends_in_days",
        _("days until the next pack ends"),
        "number",
        "(SELECT (min(p.expires_at) AT TIME ZONE (SELECT timezone FROM business))::date - {today}::date - 1 "
        f"{_OPEN} AND ({_LEFT}) > 0)",
    ),
]
