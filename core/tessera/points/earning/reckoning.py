"""How many points an award brings by each rule, before caps: exact fractions, rounded once for each entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any

from tessera.kernel.money import minor_digits
from tessera.points.earning.known import Known
from tessera.points.earning.matching import Part, covered, is_about, parts_of, whole
from tessera.points.earning.rules import Version
from tessera.points.earning.titles import tier_code
from tessera_hooks import Award, EarningSpec, Factor, Fixed, PerAmount, Rate
from tessera_hooks.earning import Rounding

ROUND: Mapping[Rounding, Callable[[Fraction], int]] = {
    "down": floor,
    "half_up": lambda number: floor(number + Fraction(1, 2)),
    "up": ceil,
}


@dataclass(frozen=True)
class Worth:
    """What one rule gives for an award before caps, and what that was computed from, as entries keep it."""

    version: Version
    points: int
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Multiplier:
    """A factor with the places of the parts that it is for, and how it is named in the facts of an entry."""

    factor: Fraction
    places: frozenset[int]
    facts: dict[str, Any]


def reckon(
    award: Award, rules: Sequence[Version], known: Known, answers: Iterable[tuple[str, Fraction]] = ()
) -> list[Worth]:
    """What each rule gives: by amount, the sum over lines of amount × rate × all factors, rounded once; or fixed.

    ``answers`` are the factors of plugins and tiers with whose they are. Nothing is earned for an amount of
    nothing: what points have paid for earns no more.
    """
    about = [version for version in rules if is_about(version, award, known)]
    if award.amount <= 0 and not any(version.spec.deed for version in about):
        return []
    parts = parts_of(award) if any(_looks_at_lines(version.spec) for version in about) else [whole(award)]
    factors = [*_factors(about, parts), *_answered(award, answers, len(parts))]
    found = [_worth(version, award, parts, factors) for version in about]
    return [worth for worth in found if worth is not None and worth.points > 0]


def _looks_at_lines(spec: EarningSpec) -> bool:
    by_line = isinstance(spec.earns, PerAmount) and spec.earns.by == "line"
    return by_line or bool(spec.categories or spec.not_categories or spec.skus or spec.not_skus)


def _factors(rules: Sequence[Version], parts: Sequence[Part]) -> list[Multiplier]:
    return [
        Multiplier(
            Fraction(version.spec.earns.factor),
            frozenset(covered(version.spec, parts)),
            {"rule": version.code, "version": version.version, "title": version.title},
        )
        for version in rules
        if isinstance(version.spec.earns, Factor)
    ]


def _answered(award: Award, answers: Iterable[tuple[str, Fraction]], parts: int) -> list[Multiplier]:
    everywhere = frozenset(range(parts))
    return [
        Multiplier(Fraction(factor), everywhere, {"by": owner, "tier": tier_code(award.tier)})
        for owner, factor in answers
    ]


def _worth(version: Version, award: Award, parts: Sequence[Part], factors: Sequence[Multiplier]) -> Worth | None:
    spec, facts = version.spec, {"title": version.title}
    places = covered(spec, parts)
    if not spec.deed and not sum(parts[place].amount for place in places):
        return None
    match spec.earns:
        case Fixed(points=points):
            return Worth(version, points, {**facts, "fixed": points, **({"deed": spec.deed} if spec.deed else {})})
        case PerAmount(rates=rates):
            rate = rate_for(rates, award.currency)
            return _by_amount(version, spec.earns, rate, award, parts, places, factors) if rate else None
        case _:
            return None


def rate_for(rates: Sequence[Rate], currency: str) -> Rate | None:
    """The rate of a currency: its own, else the one for all others."""
    own = [rate for rate in rates if rate.currency == currency]
    return next(iter([*own, *(rate for rate in rates if rate.currency is None)]), None)


def _by_amount(
    version: Version,
    earns: PerAmount,
    rate: Rate,
    award: Award,
    parts: Sequence[Part],
    places: Sequence[int],
    factors: Sequence[Multiplier],
) -> Worth:
    step = Fraction(rate.per) * 10 ** minor_digits(award.currency)
    groups = [[place] for place in places] if earns.by == "line" else [list(places)]
    points = 0
    for group in groups:
        amounts = {place: parts[place].amount for place in group}
        counted = _full_steps(amounts, step) if earns.full else amounts
        units = sum((amount / step * _product(place, factors) for place, amount in counted.items()), start=Fraction(0))
        points += max(0, ROUND[earns.rounding](units * Fraction(rate.points)))
    base = sum((parts[place].amount for place in places), start=Fraction(0))
    facts = {
        "title": version.title,
        "amount": award.amount,
        "base": floor(base),
        "currency": award.currency,
        "points": str(rate.points),
        "per": str(rate.per),
        "rounding": earns.rounding,
        "by": earns.by,
        "full": earns.full,
        "factors": [_said(one, places) for one in factors if one.factor != 1 and one.places.intersection(places)],
    }
    return Worth(version, points, facts)


def _full_steps(amounts: Mapping[int, Fraction], step: Fraction) -> dict[int, Fraction]:
    """Amounts cut to full steps of their sum, each in proportion."""
    total = sum(amounts.values(), start=Fraction(0))
    share = floor(total / step) * step / total if total else Fraction(0)
    return {place: amount * share for place, amount in amounts.items()}


def _product(place: int, factors: Sequence[Multiplier]) -> Fraction:
    return prod((one.factor for one in factors if place in one.places), start=Fraction(1))


def _said(one: Multiplier, places: Sequence[int]) -> dict[str, Any]:
    part = {} if one.places.issuperset(places) else {"part": True}
    return {**one.facts, "factor": str(one.factor), **part}
