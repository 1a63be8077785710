"""What conditions may ask about a member's own profile.

The month of a lunar birthday is that of the first one from the beginning of this month on: such a birthday
moves, and may fall into one month twice a year or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tessera.members.service.fields import PREFIX, FieldFacts, custom_fields
from tessera_hooks import Fact, Text, _
from tessera_hooks.conditions import FactType

_AGE = (
    "CASE WHEN m.birth_year IS NOT NULL THEN "
    "extract(year FROM age({today}::date, make_date(m.birth_year, m.birth_month, m.birth_day)))::int END"
)


def _next_birthday(since: str) -> str:
    """The first birthday on or after a day, as ``tessera.members.birthdays.next_birthday`` says it.

    The table ``lunar_month`` is read along its key, one or two rows for those with a lunar birthday and
    none for the others; 29 February is moved to the 28th by adding whole years to it.
    """
    this_year = f"(make_date(2000, m.birth_month, m.birth_day) + make_interval(years => {_year(since)} - 2000))::date"
    next_year = f"(make_date(2000, m.birth_month, m.birth_day) + make_interval(years => {_year(since)} - 1999))::date"
    return (
        "CASE WHEN m.lunar_month IS NOT NULL THEN ("
        "SELECT l.starts_on + least(m.lunar_day, l.days) - 1 FROM lunar_month l "
        f"WHERE l.month = m.lunar_month AND l.leap = m.lunar_leap AND l.starts_on > {since} - 30 "
        f"AND l.starts_on + least(m.lunar_day, l.days) - 1 >= {since} ORDER BY l.starts_on LIMIT 1) "
        "WHEN m.birth_month IS NOT NULL THEN "
        f"CASE WHEN {this_year} >= {since} THEN {this_year} ELSE {next_year} END END"
    )


def _year(day: str) -> str:
    return f"extract(year FROM {day})::int"


_THIS_MONTH = "date_trunc('month', {today}::timestamp)::date"

FACTS = [
    Fact("member.stage", _("Stage"), "text", "m.stage"),
    Fact("member.gender", _("Gender"), "text", "m.gender"),
    Fact("member.age", _("Age"), "number", _AGE),
    Fact("member.joined_days", _("Days since joining"), "number", "({today}::date - m.joined_on)"),
    Fact(
        "member.birthday_month",
        _("Month of the birthday"),
        "number",
        "CASE WHEN m.lunar_month IS NULL THEN m.birth_month::int "
        f"ELSE extract(month FROM {_next_birthday(_THIS_MONTH)}) END",
    ),
    Fact(
        "member.birthday_in_days",
        _("Days until the birthday"),
        "number",
        f"({_next_birthday('{today}::date')}) - {{today}}::date",
    ),
    Fact(
        "member.phone_known",
        _("A phone is known"),
        "yes_no",
        "(EXISTS (SELECT 1 FROM identity i WHERE i.member = m.id AND i.kind = 'phone')"
        " OR EXISTS (SELECT 1 FROM contact c WHERE c.member = m.id AND c.kind = 'phone'))",
    ),
    Fact("member.name_known", _("A name is known"), "yes_no", "(m.name IS NOT NULL AND m.name <> '')"),
    Fact(
        "member.email_known",
        _("An e-mail address is known"),
        "yes_no",
        "(EXISTS (SELECT 1 FROM identity i WHERE i.member = m.id AND i.kind = 'email')"
        " OR EXISTS (SELECT 1 FROM contact c WHERE c.member = m.id AND c.kind = 'email'))",
    ),
    Fact(
        "member.birthday_known",
        _("A birthday is known"),
        "yes_no",
        "(m.birth_month IS NOT NULL OR m.lunar_month IS NOT NULL)",
    ),
    Fact("member.gender_known", _("The gender is known"), "yes_no", "(m.gender IS NOT NULL)"),
    Fact("member.address_known", _("An address is known"), "yes_no", "(m.address IS NOT NULL)"),
    Fact(
        "member.tags",
        _("Tags"),
        "texts",
        "ARRAY(SELECT t.name FROM member_tag x JOIN tag t ON t.id = x.tag WHERE x.member = m.id)",
        says=_("has the tag {value}"),
    ),
]

_TYPES: dict[str, FactType] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "choice": "text",
    "choices": "texts",
    "yes_no": "yes_no",
}


def custom_facts() -> Iterable[Fact]:
    """What conditions may ask of the fields that the business added: ``custom.size``, ``custom.size.known``.

    Of a sensitive one only whether it is known: its value would otherwise stand readable in the condition.
    """
    for field in custom_fields():
        yield from _facts_of(field)


def _facts_of(field: FieldFacts) -> Iterator[Fact]:
    row = f"FROM member_custom c WHERE c.member = m.id AND c.field = '{field.id}'"
    name, title = PREFIX + field.code, Text(field.title)
    if not field.sensitive:
        plain = "c.value #>> '{}'"
        value = "ARRAY(SELECT jsonb_array_elements_text(c.value))" if field.kind == "choices" else plain
        kind = _TYPES[field.kind]
        cast = {"number": "numeric", "date": "date", "yes_no": "boolean"}.get(kind)
        yield Fact(name, title, kind, f"(SELECT {f'({value})::{cast}' if cast else value} {row})")
    yield Fact(f"{name}.known", _("{what} is known", what=title), "yes_no", f"EXISTS (SELECT 1 {row})")
