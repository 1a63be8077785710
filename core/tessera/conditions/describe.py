"""A condition read back as a sentence, so that people can see what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from tessera.conditions.facts import known_facts
from tessera.conditions.values import comparand
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.texts import current_locale, translate
from tessera_hooks import AllOf, AnyOf, Compare, Condition, Fact, Not, Text, _

NUMBERS = {
    "==": "“{fact}” is {value}",
    "!=": "“{fact}” is not {value}",
    ">=": "“{fact}” is at least {value}",
    "<=": "“{fact}” is at most {value}",
    ">": "“{fact}” is more than {value}",
    "<": "“{fact}” is less than {value}",
    "in": "“{fact}” is one of {value}",
    "has": "“{fact}” has {value}",
}
DAYS = {
    **NUMBERS,
    ">=": "“{fact}” is {value} or later",
    "<=": "“{fact}” is {value} or earlier",
    ">": "“{fact}” is after {value}",
    "<": "“{fact}” is before {value}",
}
TEXTS = (
    _("“{fact}” is {value}"),
    _("“{fact}” is not {value}"),
    _("“{fact}” is at least {value}"),
    _("“{fact}” is at most {value}"),
    _("“{fact}” is more than {value}"),
    _("“{fact}” is less than {value}"),
    _("“{fact}” is one of {value}"),
    _("“{fact}” has {value}"),
    _("“{fact}” is {value} or later"),
    _("“{fact}” is {value} or earlier"),
    _("“{fact}” is after {value}"),
    _("“{fact}” is before {value}"),
)
"""The sentences above, where the extraction of texts finds them."""


def describe(
    condition: Condition,
    locale: str | None = None,
    parameters: Mapping[str, int] | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> str:
    """The condition as one sentence without a full stop, in the language given or the one in force.

    Titles of facts stand in quotation marks; a part of several parts stands in parentheses.
    """
    known = known_facts() if facts is None else facts
    return _describe(condition, locale or current_locale(), parameters or {}, known)


def _describe(condition: Condition, locale: str, parameters: Mapping[str, int], known: Mapping[str, Fact]) -> str:
    match condition:
        case Compare():
            return _compare(condition, locale, parameters, known[condition.fact])
        case AllOf():
            return _joined(condition.parts, _("{first} and {second}"), _("everyone"), locale, parameters, known)
        case AnyOf():
            return _joined(condition.parts, _("{first} or {second}"), _("nobody"), locale, parameters, known)
        case Not():
            part = _describe(condition.part, locale, parameters, known)
            return translate(_("not the case: {part}", part=_bracketed(condition.part, part, locale)), locale)


def _joined(
    parts: tuple[Condition, ...],
    word: Text,
    when_empty: Text,
    locale: str,
    parameters: Mapping[str, int],
    known: Mapping[str, Fact],
) -> str:
    if len(parts) == 1:
        return _describe(parts[0], locale, parameters, known)
    said = [_bracketed(part, _describe(part, locale, parameters, known), locale) for part in parts]
    sentence = ""
    for i, part in enumerate(said):
        sentence = translate(Text(word.source, first=sentence, second=part), locale) if i else part
    return sentence or translate(when_empty, locale)


def _bracketed(condition: Condition, said: str, locale: str) -> str:
    if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1:
        return translate(_("({part})", part=said), locale)
    return said


def _compare(compare: Compare, locale: str, parameters: Mapping[str, int], fact: Fact) -> str:
    value = comparand(compare, fact.type, parameters)
    words = DAYS if fact.type in {"date", "moment"} else NUMBERS
    parts = [_value(part, locale) for part in value] if compare.op == "in" else [_value(value, locale)]
    listed = translate(_(", "), locale).join(parts) or "–"
    if compare.op == "has" and fact.says is not None:
        return translate(Text(fact.says.source, **{**fact.says.values, "value": listed}), locale)
    return translate(Text(words[compare.op], fact=fact.title, value=listed), locale)


def _value(value: Any, locale: str) -> str:
    if isinstance(value, bool):
        return translate(_("yes") if value else _("no"), locale)
    if isinstance(value, Decimal):
        return format_decimal(value, locale=locale, decimal_quantization=False)
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(clock.zone(business().timezone)), "medium", locale=locale)
    if isinstance(value, date):
        return format_date(value, "long", locale=locale)
    return f"“{value}”"
