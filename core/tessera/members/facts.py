"""What conditions may ask about a member's own profile."""

from __future__ import annotations

from tessera_hooks import Fact, _

_AGE = (
    "CASE WHEN m.birth_year IS NOT NULL THEN "
    "extract(year FROM age({today}::date, make_date(m.birth_year, m.birth_month, m.birth_day)))::int END"
)

FACTS = [
    Fact("member.stage", _("Stage"), "text", "m.stage"),
    Fact("member.gender", _("Gender"), "text", "m.gender"),
    Fact("member.age", _("Age"), "number", _AGE),
    Fact("member.joined_days", _("Days since joining"), "number", "({today}::date - m.joined_on)"),
    Fact("member.birthday_month", _("Month of birth"), "number", "m.birth_month::int"),
]
