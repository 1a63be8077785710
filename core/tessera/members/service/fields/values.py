"""One value of a field: as typed, as stored, as people read it.

Stored are texts; numbers as decimals in text, exact as they were given; days as ``2026-11-21``; choices by
their codes; yes and no as true and false.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from tessera.kernel.texts import current_locale, translate
from tessera.members.normalise import Unusable, parse_date, plain
from tessera.members.normalise.plain import ROUNDED, rounded
from tessera.members.service.fields.defined import FieldFacts
from tessera_hooks import _

MASK = "****"
"""What stands for a sensitive value that the actor may not see."""

LONGEST_TEXT = 1000

LONGEST_NUMBER = 60
DIGITS, PLACES = 20, 6
"""Digits before and after the point that a number may have."""

YES = frozenset({"yes", "true", "y", "1", "是", "有", "对", "√"})
NO = frozenset({"no", "false", "n", "0", "否", "无", "不", "×"})

_PARTS = re.compile(r"[,，、;；|\n]")


def parsed(field: FieldFacts, raw: Any) -> Any:
    """A value as it is stored, ``None`` for nothing; raises ``Unusable`` for what does not fit."""
    if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == []:
        return None
    match field.kind:
        case "text":
            return _text(raw)
        case "number":
            return _number(raw)
        case "date":
            return _day(raw)
        case "choice":
            return _choice(field, raw)
        case "choices":
            return _choices(field, raw)
    return _yes_no(raw)


def _text(raw: Any) -> str | None:
    if not isinstance(raw, str):
        raise Unusable(_("write text"))
    text = plain(raw)
    if len(text) > LONGEST_TEXT:
        raise Unusable(_("at most {limit} characters", limit=LONGEST_TEXT))
    return text or None


def _number(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise Unusable(_("write a number such as 12.5"))
    text = plain(str(raw))
    if isinstance(raw, str) and ROUNDED.fullmatch(text):
        raise rounded()
    if text.count(",") == 1 and "." not in text and not re.search(r",\d{3}\Z", text):
        text = text.replace(",", ".")
    try:
        value = Decimal(text.replace(",", "")) if "_" not in text and len(text) <= LONGEST_NUMBER else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise Unusable(_("write a number such as 12.5"))
    if value and value.adjusted() >= DIGITS:
        raise Unusable(_("a number has at most {n} digits", n=DIGITS))
    if value and value.adjusted() < -PLACES:
        raise Unusable(_("a number has at most {n} decimal places", n=PLACES))
    whole, _point, rest = format(value, "f").partition(".")
    rest = rest.rstrip("0")
    if len(rest) > PLACES:
        raise Unusable(_("a number has at most {n} decimal places", n=PLACES))
    written = f"{whole}.{rest}" if rest else whole
    return "0" if not value else written


def _day(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Unusable(_("write a day such as 2026-11-21"))
    return parse_date(raw).isoformat()


def _choice(field: FieldFacts, raw: Any) -> str:
    wanted = plain(raw).casefold() if isinstance(raw, str) else ""
    for code, labels in field.choices.items():
        if wanted in {code.casefold(), *(text.casefold() for text in labels.values())}:
            return code
    raise Unusable(_("choose one of: {known}", known=", ".join(field.choices)))


def _choices(field: FieldFacts, raw: Any) -> list[str] | None:
    given: Sequence[Any] = _PARTS.split(raw) if isinstance(raw, str) else raw
    if not isinstance(given, list | tuple):
        raise Unusable(_("give a list of choices"))
    chosen = {_choice(field, one) for one in given if not isinstance(one, str) or one.strip()}
    return [code for code in field.choices if code in chosen] or None


def _yes_no(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = plain(raw).casefold() if isinstance(raw, str) else ""
    if word not in YES | NO:
        raise Unusable(_("write yes or no"))
    return word in YES


def as_text(field: FieldFacts, value: Any) -> str:
    """A stored value as people read it."""
    if value is None:
        return ""
    if value == MASK:
        return MASK
    match field.kind:
        case "number":
            return format_decimal(Decimal(value), locale=current_locale(), decimal_quantization=False)
        case "date":
            return format_date(date.fromisoformat(value), "medium", locale=current_locale())
        case "choice":
            return field.choice_title(value)
        case "choices":
            return translate(_(", ")).join(field.choice_title(code) for code in value)
        case "yes_no":
            return translate(_("yes") if value else _("no"))
    return str(value)
