"""Whether a rule is about an award, and about which parts of it: pure, from what is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from fractions import Fraction

from tessera.access.service import store_of
from tessera.kernel import clock
from tessera.kernel.articles import article
from tessera.kernel.business import business
from tessera.points.earning.known import Known
from tessera.points.earning.rules import Version
from tessera.points.earning.titles import tier_code
from tessera_hooks import Award, EarningSpec, Hours


@dataclass(frozen=True)
class Part:
    """A line of an award with what it is worth of the amount that earns, in minor units."""

    category: str | None
    article: str | None
    amount: Fraction


def parts_of(award: Award) -> list[Part]:
    """The lines of an award with their shares of its amount: what lowers the whole is spread over all of them.

    A purchase without lines, or with lines that are worth nothing, is one part that is of no category.
    """
    total = sum(line.amount for line in award.lines)
    if total <= 0:
        return [whole(award)]
    return [
        Part(_word(line.category), article(line.sku), Fraction(line.amount * award.amount, total))
        for line in award.lines
    ]


def whole(award: Award) -> Part:
    """All of an award as one part."""
    return Part(None, None, Fraction(award.amount))


def _word(category: str | None) -> str | None:
    return " ".join(category.split()).casefold() if category is not None else None


def covered(spec: EarningSpec, parts: Sequence[Part]) -> list[int]:
    """The places of those parts that a rule is about."""
    wanted, unwanted = {_word(c) for c in spec.categories}, {_word(c) for c in spec.not_categories}
    only, never = {article(sku) for sku in spec.skus}, {article(sku) for sku in spec.not_skus}

    def counts(part: Part) -> bool:
        chosen = not (wanted or only) or part.category in wanted or part.article in only
        return chosen and part.category not in unwanted and part.article not in never

    return [place for place, part in enumerate(parts) if counts(part)]


def is_about(version: Version, award: Award, known: Known) -> bool:
    """Whether place, time and person are those of a rule."""
    return is_then_and_there(version.spec, award) and _is_for(version.spec, award, known)


def is_then_and_there(spec: EarningSpec, award: Award) -> bool:
    """Whether a rule is about the store, the day of the week, the hour and the tier of an award."""
    if spec.stores and _store(award) not in {code.casefold() for code in spec.stores}:
        return False
    if spec.weekdays and award.at.isoweekday() not in spec.weekdays:
        return False
    if spec.hours and not any(_within(hours, award.at.time()) for hours in spec.hours):
        return False
    return not spec.tiers or tier_code(award.tier) in spec.tiers


def _store(award: Award) -> str | None:
    store = store_of(award.store)
    return store.code.casefold() if store else None


def _within(hours: Hours, now: time) -> bool:
    since, until = time.fromisoformat(hours.since), time.fromisoformat(hours.until)
    if since < until:
        return since <= now < until
    return now >= since or now < until


def _is_for(spec: EarningSpec, award: Award, known: Known) -> bool:
    day = clock.local_day(award.at, business().timezone)
    if spec.birthday is not None and not known.has_birthday(spec.birthday, day):
        return False
    if spec.first_purchase and not known.first:
        return False
    return spec.condition is None or known.meets(spec.condition)
