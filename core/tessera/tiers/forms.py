"""Tiers and their scheme as forms, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from babel.dates import get_month_names

from tessera.kernel.business import business
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.money import minor_digits, to_minor
from tessera.kernel.texts import LOCALES, current_locale
from tessera.tiers.metrics import all_metrics
from tessera.tiers.periods import Scheme
from tessera.tiers.service.defined import Benefits, Criteria, TierFacts
from tessera.web.forms import Form
from tessera_hooks import _

LONGEST_NUMBER = 18

THOUSANDS = re.compile(r"(?<=\d)[,，](?=\d{3}(\D|$))")
"""Separators of thousands; any other comma is not understood rather than guessed at."""


@dataclass(frozen=True)
class TierGiven:
    """A tier as it was filled in."""

    name: Mapping[str, str]
    tone: str
    criteria: Criteria
    benefits: Benefits

    def as_tier(self, code: str, rank: int) -> TierFacts:
        """What it would be in a place."""
        return TierFacts(code, rank, self.name, self.tone, self.criteria, self.benefits)


def of_tier(tier: TierFacts | None) -> Form:
    """A tier, or an empty one, as a form."""
    if tier is None:
        return Form.of(match="all", stacks="yes", tone="yellow")
    gives = tier.benefits
    values: dict[str, Any] = {f"name_{locale}": tier.name.get(locale, "") for locale in LOCALES}
    values |= {f"least_{name}": _shown(name, least) for name, least in tier.criteria.asks.items()}
    return Form.of(
        **values,
        tone=tier.tone,
        match=tier.criteria.match,
        discount=f"{gives.discount.normalize():f}" if gives.discount else "",
        categories="\n".join(gives.categories),
        stacks="yes" if gives.stacks else "",
        multiplier=f"{gives.multiplier.normalize():f}" if gives.multiplier != 1 else "",
        services="\n".join(gives.services),
        birthday=gives.birthday,
    )


def tier_from(form: Form) -> TierGiven:
    """What a form says of a tier."""
    asks = {name: _least(form, name) for name in all_metrics() if form[f"least_{name}"]}
    benefits = Benefits(
        discount=_decimal(form, "discount", "0"),
        categories=_lines(form["categories"]),
        stacks=form["stacks"] == "yes",
        multiplier=_decimal(form, "multiplier", "1"),
        services=_lines(form["services"]),
        birthday=form["birthday"],
    )
    criteria = Criteria("any" if form["match"] == "any" else "all", asks)
    return TierGiven({locale: form[f"name_{locale}"] for locale in LOCALES}, form["tone"], criteria, benefits)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _shown(name: str, least: int) -> str:
    metric = all_metrics().get(name)
    if metric is None or not metric.money:
        return str(least)
    digits = minor_digits(business().currency)
    amount = Decimal(least).scaleb(-digits)
    return f"{amount:f}" if least % 10**digits else f"{int(amount)}"


def _least(form: Form, name: str) -> int:
    field = f"least_{name}"
    amount = _decimal(form, field, "0")
    if amount <= 0 or amount >= 10**LONGEST_NUMBER:
        message = _("give a number above zero")
        raise Invalid(message, [FieldError(field, message)])
    if all_metrics()[name].money:
        return to_minor(amount, business().currency)
    if amount != int(amount):
        message = _("Write a whole number.")
        raise Invalid(message, [FieldError(field, message)])
    return int(amount)


def _decimal(form: Form, field: str, empty: str) -> Decimal:
    text = THOUSANDS.sub("", form[field]).rstrip("%％").strip() or empty
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        message = _("give a number such as 10 or 1.5")
        raise Invalid(message, [FieldError(field, message)])
    return value


def of_scheme(rules: Scheme) -> Form:
    """The scheme as a form."""
    values = msgspec.to_builtins(rules)
    return Form.of(**{**values, "requalify": "yes" if rules.requalify else ""})


def scheme_from(form: Form) -> Scheme:
    """What a form says of the scheme."""
    return Scheme(
        kind="calendar" if form["kind"] == "calendar" else "rolling",
        months=_whole(form, "months"),
        month=_whole(form, "month"),
        warn_days=_whole(form, "warn_days"),
        grace_days=_whole(form, "grace_days"),
        downgrade="met" if form["downgrade"] == "met" else "one",
        requalify=form["requalify"] == "yes",
    )


def _whole(form: Form, field: str) -> int:
    if not form[field].isdecimal() or len(form[field]) > 4:
        message = _("Write a whole number.")
        raise Invalid(message, [FieldError(field, message)])
    return int(form[field])


def month_names() -> list[tuple[int, str]]:
    """The months of a year in the language in force."""
    return list(get_month_names("wide", locale=current_locale()).items())
