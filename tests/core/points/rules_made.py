"""Earning rules and awards for tests, with everything left out that a test does not speak of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from core.points.people import START, Holder

from tessera.points.earning import changing
from tessera.points.earning.rules import Version
from tessera_hooks import Award, AwardLine, EarningSpec, Factor, Fixed, PerAmount, Rate


def version(code: str = "rule", **said: Any) -> Version:
    """A rule in force that nobody has stored."""
    return Version(code, 1, "core", code.title(), EarningSpec(**said), enabled=True, valid_from=START)


def per(points: str = "1", each: str = "1", currency: str | None = None, **said: Any) -> PerAmount:
    """So many points for each so many units of currency."""
    return PerAmount((Rate(Decimal(points), Decimal(each), currency),), **said)


def times(factor: str) -> Factor:
    """A factor."""
    return Factor(Decimal(factor))


def line(amount: int, category: str | None = None, sku: str | None = None) -> AwardLine:
    """One line, in minor units."""
    return AwardLine(sku, category, Decimal(1), amount)


def award(holder: Holder, amount: int, *lines: AwardLine, at: datetime = START, **said: Any) -> Award:
    """A purchase of a member, in fen."""
    facts = {"tier": None, "store": None, "reason": "purchase", "currency": "CNY", **said}
    return Award(member=holder.member, at=at, amount=amount, lines=lines, **facts)


async def in_force(title: str, earns: PerAmount | Fixed | Factor, **said: Any) -> str:
    """Make a rule and answer its code."""
    return (await changing.add_rule(title, EarningSpec(earns=earns, **said))).code
