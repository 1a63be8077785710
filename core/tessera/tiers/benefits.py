"""What a tier gives at a till: a discount on a basket, and a factor for the points."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from tessera.tiers.service.defined import Benefits, tier_of
from tessera_hooks import Award, Basket, PriceCut, Text, _

DISCOUNT = "tiers.discount"
"""The kind of the cut that a tier's discount is."""


def cut_of(basket: Basket) -> PriceCut | None:
    """The discount of the member's tier; each line half up to a minor unit, so that the lines add up to the cut."""
    if basket.member is None:
        return None
    tier = tier_of(basket.tier)
    gives = tier.benefits
    lines = _lines(basket, gives)
    amount = sum(lines.values()) if basket.lines else _part(basket.amount, gives) if not gives.categories else 0
    if amount <= 0:
        return None
    title: Text = _("{tier}: {percent} % off", tier=tier.title, percent=f"{gives.discount.normalize():f}")
    return PriceCut(kind=DISCOUNT, title=title, amount=amount, stacks=gives.stacks, lines=lines)


def _lines(basket: Basket, gives: Benefits) -> dict[int, int]:
    """What falls on which line, those of other categories left out."""
    categories = {name.casefold() for name in gives.categories}
    parts = {
        line.place: _part(line.amount, gives)
        for line in basket.lines
        if not categories or (line.category or "").casefold() in categories
    }
    return {place: part for place, part in parts.items() if part > 0}


def _part(amount: int, gives: Benefits) -> int:
    """A percentage of an amount, half up."""
    return floor(Fraction(amount) * Fraction(gives.discount) / 100 + Fraction(1, 2))


def factor_of(award: Award) -> Fraction | None:
    """The factor of the member's tier; ``None`` where it changes nothing."""
    factor = tier_of(award.tier).benefits.factor
    return factor if factor != 1 else None
