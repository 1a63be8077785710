"""Refusing an earning rule that could not be followed, every wrong field by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from decimal import Decimal

from tessera.access.service import stores
from tessera.conditions import ConditionRefused, check
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits
from tessera_hooks import EarningSpec, Factor, Fixed, Hours, PerAmount, Rate, Text, _

LONGEST_TITLE = 200
MOST_WORDS, LONGEST_WORD = 500, 120
LARGEST = 10**9
DEED = re.compile(r"[a-z][a-z0-9_.]{0,59}\Z")

_SIX_DECIMALS = -6


def check_rule(title: str, spec: EarningSpec) -> None:
    """Refuse a rule without a title, with numbers out of bounds, or with parts that do not go together."""
    wrong = [] if 0 < len(title) <= LONGEST_TITLE and "\x00" not in title else [FieldError("title", _TITLE)]
    wrong += [*_earns_errors(spec), *_words_errors(spec), *_time_errors(spec), *_cap_errors(spec), *_deed_errors(spec)]
    if spec.condition is not None:
        try:
            check(spec.condition)
        except ConditionRefused as refused:
            wrong += refused.errors
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else _("Some values cannot be accepted."), wrong)


_TITLE = _("give a title of at most {limit} characters", limit=LONGEST_TITLE)


def _earns_errors(spec: EarningSpec) -> list[FieldError]:
    match spec.earns:
        case Fixed(points=points):
            return (
                [] if 0 < points <= LARGEST else [FieldError("points", _("give a whole number of points above zero"))]
            )
        case Factor(factor=factor):
            fits = _is_plain(factor) and 0 <= factor <= 100
            return [] if fits else [FieldError("factor", _("give a factor from 0 to 100, such as 2 or 1.5"))]
        case PerAmount(rates=rates):
            return _rate_errors(rates)


def _rate_errors(rates: Sequence[Rate]) -> list[FieldError]:
    if not rates:
        return [FieldError("points", _("give the points for at least one currency"))]
    wrong = []
    if len({rate.currency for rate in rates}) < len(rates):
        wrong.append(FieldError("points", _("give each currency once")))
    for rate in rates:
        behind = f".{rate.currency}" if rate.currency else ""
        if rate.currency is not None:
            minor_digits(rate.currency)
        if not _is_plain(rate.points) or not 0 <= rate.points <= LARGEST:
            wrong.append(FieldError(f"points{behind}", _("give a number of points, such as 1 or 0.5")))
        if not _is_plain(rate.per) or not 0 < rate.per <= LARGEST:
            wrong.append(FieldError(f"per{behind}", _("give an amount above zero")))
    return wrong


def _is_plain(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return number.is_finite() and isinstance(exponent, int) and exponent >= _SIX_DECIMALS


def _words_errors(spec: EarningSpec) -> list[FieldError]:
    wrong = []
    for field in ("categories", "not_categories", "skus", "not_skus", "tiers"):
        words: Sequence[str] = getattr(spec, field)
        if len(words) > MOST_WORDS or any(not word.strip() or len(word) > LONGEST_WORD for word in words):
            message = _("at most {n} words of at most {limit} characters", n=MOST_WORDS, limit=LONGEST_WORD)
            wrong.append(FieldError(field, message))
        elif any("\x00" in word for word in words):
            wrong.append(FieldError(field, _("this holds a character that cannot be stored")))
    known = {store.code.casefold() for store in stores()}
    for code in spec.stores:
        if code.casefold() not in known:
            wrong.append(FieldError("stores", _('there is no store "{code}"', code=code)))
    return wrong


def _time_errors(spec: EarningSpec) -> list[FieldError]:
    wrong = []
    if any(day not in range(1, 8) for day in spec.weekdays):
        wrong.append(FieldError("weekdays", _("choose days of the week")))
    if any(not _is_span(span) for span in spec.hours):
        wrong.append(FieldError("hours", _("give two different times of the day, such as 14:00 and 17:00")))
    if spec.starts_on is not None and spec.ends_on is not None and spec.ends_on < spec.starts_on:
        wrong.append(FieldError("ends_on", _("this lies before the beginning")))
    return wrong


def _is_span(span: Hours) -> bool:
    try:
        return time.fromisoformat(span.since) != time.fromisoformat(span.until)
    except ValueError:
        return False


def _cap_errors(spec: EarningSpec) -> list[FieldError]:
    wrong = []
    for field in ("most_per_day", "most_per_member"):
        most: int | None = getattr(spec, field)
        if most is None:
            continue
        if isinstance(spec.earns, Factor):
            wrong.append(FieldError(field, _("a rule that multiplies has no points of its own: limit the others")))
        elif not 0 < most <= LARGEST:
            wrong.append(FieldError(field, _("give a whole number of points above zero")))
    return wrong


def _deed_errors(spec: EarningSpec) -> list[FieldError]:
    if spec.deed is None:
        return []
    message: Text | None = None
    if not DEED.match(spec.deed):
        message = _("write a short code of small letters, digits and underscores, such as own_cup")
    elif not isinstance(spec.earns, Fixed):
        message = _("a deed brings a fixed number of points")
    elif spec.first_purchase or spec.categories or spec.skus or spec.not_categories or spec.not_skus:
        message = _("a deed has no goods and is no purchase: leave those fields empty")
    return [FieldError("deed", message)] if message else []
