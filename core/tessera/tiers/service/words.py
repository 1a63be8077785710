"""Tiers in words: what is asked for, what is missing, why something changed; in any language."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from tessera.kernel.business import say_money
from tessera.kernel.texts import current_locale, translate
from tessera.tiers.metrics import all_metrics
from tessera.tiers.service.defined import Benefits, Criteria, TierFacts
from tessera_hooks import Text, _


def metric_title(name: str) -> Text:
    """How a metric is called; its name where its plugin is gone."""
    metric = all_metrics().get(name)
    return metric.title if metric is not None else Text(name)


def say_amount(name: str, value: int | None, locale: str) -> str:
    """A value of a metric: money or a number."""
    if value is None:
        return translate(_("unknown"), locale)
    metric = all_metrics().get(name)
    if metric is not None and metric.money:
        return say_money(value, locale=locale)
    return format_decimal(value, locale=locale)


def say_day(day: date, locale: str) -> str:
    """A day in words."""
    return format_date(day, "long", locale=locale)


def joined(parts: list[str], match: str, locale: str) -> str:
    """Several things of which all or any one is meant."""
    between = _("{first} and {second}") if match == "all" else _("{first} or {second}")
    said = parts[0] if parts else ""
    for part in parts[1:]:
        said = translate(Text(between.source, first=said, second=part), locale)
    return said


def say_criteria(criteria: Criteria, locale: str | None = None) -> str:
    """What a tier asks for, such as “Spent ¥1,000 and Visits 12”; empty where it asks for nothing."""
    locale = locale or current_locale()
    parts = [
        translate(_("{metric} {amount}", metric=metric_title(name), amount=say_amount(name, least, locale)), locale)
        for name, least in criteria.asks.items()
    ]
    return joined(parts, criteria.match, locale)


def say_benefits(benefits: Benefits, locale: str | None = None) -> list[str]:
    """What a tier gives, a few words each."""
    locale = locale or current_locale()
    said: list[Text | str] = []
    if benefits.discount:
        percent = f"{benefits.discount.normalize():f}"
        said.append(_("{percent} % off", percent=percent))
        if benefits.categories:
            names = ", ".join(benefits.categories)
            said[-1] = _("{percent} % off {categories}", percent=percent, categories=names)
    if benefits.multiplier != 1:
        said.append(_("points × {factor}", factor=f"{benefits.multiplier.normalize():f}"))
    said += benefits.services
    if benefits.birthday:
        said.append(_("birthday: {gift}", gift=benefits.birthday))
    return [translate(one, locale) for one in said]


def say_missing(tier: TierFacts, missing: dict[str, int | None], until: date | None, locale: str) -> str:
    """What somebody lacks for a tier, such as “Still missing for Gold: Spent ¥120.”"""
    parts = [
        translate(_("{metric} {amount}", metric=metric_title(name), amount=say_amount(name, amount, locale)), locale)
        for name, amount in missing.items()
        if amount is None or amount > 0
    ]
    what = joined(parts, tier.criteria.match, locale)
    if until is None:
        return translate(_("Still missing for {tier}: {what}.", tier=tier.said(locale), what=what), locale)
    return translate(
        _("Still missing for {tier} by {day}: {what}.", tier=tier.said(locale), what=what, day=say_day(until, locale)),
        locale,
    )
