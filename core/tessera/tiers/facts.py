"""What conditions may ask of a member's tier."""

from tessera.tiers.service.defined import FIRST
from tessera_hooks import Fact, _

_CODE = f"coalesce(m.tier, (SELECT t.code FROM tier t WHERE t.rank = 0), '{FIRST}')"
_RANK = "coalesce((SELECT t.rank FROM tier t WHERE t.code = m.tier), 0)"
_LEFT = (
    "(SELECT (coalesce(t.grace_until, t.until) AT TIME ZONE (SELECT b.timezone FROM business b))::date "
    "- {today}::date FROM member_tier t WHERE t.member = m.id)"
)

FACTS = [
    Fact("tier.code", _("Tier"), "text", _CODE),
    Fact("tier.rank", _("Place of the tier, the first being 0"), "number", _RANK),
    Fact("tier.days_left", _("Days until the tier ends"), "number", _LEFT),
]
