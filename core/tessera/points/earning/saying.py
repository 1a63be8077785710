"""Why an entry earned what it did, in a sentence that a member can read."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tessera.kernel.business import say_money
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins import host
from tessera.points.earning.rules import versions_of
from tessera.points.earning.titles import tier_titles
from tessera.points.saying import say_amount
from tessera_hooks import Text, _

if TYPE_CHECKING:
    from tessera.points.service.reading import EntryFacts  # which imports this by way of the explanations


def explain_earned(entry: EntryFacts) -> Text:
    """The sentence for an entry of kind ``earn``."""
    if "title" in entry.facts:
        text = say_earned(entry.facts, entry.amount, entry.rule_version)
    else:
        text = _before_rules(entry.facts)
    if entry.debt_change < 0:
        paid = say_amount(-entry.debt_change, entry.unit)
        return _("{text}; {paid} of it paid what was owed", text=text, paid=paid)
    return text


def say_rule(entry: EntryFacts) -> Text | None:
    """The rule that an entry follows by its title, with its version; ``None`` where it follows none.

    As it was called then, where the entry holds that; one that is not known here any more is named by its code.
    """
    if entry.rule is None:
        return None
    known = [version.title for version in versions_of(entry.rule) if version.version == entry.rule_version]
    then = entry.facts.get("title") if entry.kind == "earn" else None
    rule = Text(next(iter([*([then] if then else []), *known]), entry.rule))
    if entry.rule_version is None:
        return rule
    return _("{rule} (version {version})", rule=rule, version=entry.rule_version)


def say_earned(facts: Mapping[str, Any], points: int, version: int | None) -> Text:
    """What one rule gives and how that came about: rule and version, rate, factors, and the cap that cut it."""
    rule = Text(facts["title"])
    if version is not None and version > 1:
        rule = _("{rule} (version {version})", rule=rule, version=version)
    text = _fixed(rule, facts) if "fixed" in facts else _by_amount(rule, facts)
    for factor in facts.get("factors", ()):
        text = _("{text}, {factor}", text=text, factor=_factor(factor))
    cap = facts.get("cap")
    if cap is None:
        return text
    told = {"text": text, "reckoned": facts["reckoned"], "points": points, "most": cap["most"]}
    if cap["kind"] == "day":
        return _("{text}; {points} instead of {reckoned}, for it gives at most {most} a day", **told)
    return _("{text}; {points} instead of {reckoned}, for it gives at most {most} to each member", **told)


def _fixed(rule: Text, facts: Mapping[str, Any]) -> Text:
    return _("{rule}: {points} points", rule=rule, points=facts["fixed"])


def _by_amount(rule: Text, facts: Mapping[str, Any]) -> Text:
    currency = facts["currency"]
    told = {
        "rule": rule,
        "points": plain(Fraction(facts["points"])),
        "step": say_step(Fraction(facts["per"]), currency),
        "amount": say_money(facts["base"], currency),
    }
    if facts["base"] != facts["amount"]:
        whole = say_money(facts["amount"], currency)
        text = _("{rule}: {points} for each {step} of {amount}, out of {whole}", whole=whole, **told)
    else:
        text = _("{rule}: {points} for each {step} of {amount}", **told)
    if facts["full"]:
        text = _("{text}, full steps only", text=text)
    if facts["rounding"] != "down":
        text = _("{text}, {rounding}", text=text, rounding=ROUNDINGS[facts["rounding"]])
    if facts["by"] == "line":
        text = _("{text}, each line for itself", text=text)
    return text


ROUNDINGS: Mapping[str, Text] = {
    "down": _("rounded down"),
    "half_up": _("rounded to the nearest"),
    "up": _("rounded up"),
}
"""How what a rule gives becomes whole points."""


def _factor(facts: Mapping[str, Any]) -> Text:
    factor = plain(Fraction(facts["factor"]))
    if facts.get("part"):
        return _("{name} ×{factor} on a part of it", name=_whose(facts), factor=factor)
    return _("{name} ×{factor}", name=_whose(facts), factor=factor)


def _whose(facts: Mapping[str, Any]) -> Text:
    """The rule that multiplies, or the plugin; what the core answers comes from the member's tier."""
    if "title" in facts:
        return Text(facts["title"])
    plugin = host().plugins.get(facts["by"])
    if plugin is not None:
        return plugin.manifest.title if isinstance(plugin.manifest.title, Text) else Text(plugin.manifest.title)
    tier = facts.get("tier")
    return _("tier {title}", title=tier_titles().get(tier, tier)) if tier else _("tier")


def say_step(per: Fraction, currency: str) -> str:
    """How much money brings the points of a rate: ``¥1.00``."""
    minor = per * 10 ** minor_digits(currency)
    return say_money(int(minor), currency) if minor.denominator == 1 else f"{plain(per)} {currency}"


def _before_rules(facts: Mapping[str, Any]) -> Text:
    """Entries from before there were rules to choose from know the rate and one factor."""
    amount, factor = say_money(facts["amount"], facts["currency"]), Fraction(facts["multiplier"])
    known = {"amount": amount, "rate": plain(Fraction(facts["per_unit"])), "currency": facts["currency"]}
    if factor != 1:
        return _("For a purchase of {amount}: {rate} per {currency}, times {factor}", factor=plain(factor), **known)
    return _("For a purchase of {amount}: {rate} per {currency}", **known)


def plain(number: Fraction) -> str:
    """A number without zeros at its end; a fraction where decimals do not end soon."""
    if number.denominator == 1:
        return str(number)
    whole = number * 1000
    return f"{float(number):g}" if whole.denominator == 1 else f"{number.numerator}/{number.denominator}"
