"""Tiers as they are defined: few rows, remembered by every process until they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from tessera.kernel import generation
from tessera.kernel.database import fetch
from tessera.kernel.errors import NotFound
from tessera.kernel.texts import LOCALES, current_locale, translate
from tessera_hooks import _

FIRST = "basic"
"""The code of the tier that a new business begins with."""


class TierUnknown(NotFound):
    """There is no such tier."""

    code = "tier_unknown"


class Criteria(msgspec.Struct, frozen=True):
    """What a tier asks for: at least so much of each metric, all of them or any one; money in minor units."""

    match: Literal["all", "any"] = "all"
    asks: dict[str, int] = {}

    def met_by(self, counted: Mapping[str, int | None]) -> bool:
        """Whether what was counted is enough; what cannot be counted is not."""
        held = [
            (counted.get(name) or 0) >= least and counted.get(name) is not None for name, least in self.asks.items()
        ]
        return bool(held) and (all(held) if self.match == "all" else any(held))


class Benefits(msgspec.Struct, frozen=True):
    """What a tier gives.

    ``discount`` is percent off, of everything or of ``categories``; ``stacks`` says whether it adds to coupons.
    ``multiplier`` scales points that are earned. ``services`` are words or codes that tills read, ``birthday`` what
    there is on the birthday.
    """

    discount: Decimal = Decimal(0)
    categories: tuple[str, ...] = ()
    stacks: bool = True
    multiplier: Decimal = Decimal(1)
    services: tuple[str, ...] = ()
    birthday: str = ""

    @property
    def factor(self) -> Fraction:
        """The multiplier, exact."""
        return Fraction(self.multiplier)


@dataclass(frozen=True)
class TierFacts:
    """A tier as every part of Tessera may know it; ``name`` holds a text for each language that has one."""

    code: str
    rank: int
    name: Mapping[str, str] = field(default_factory=dict)
    tone: str = ""
    criteria: Criteria = field(default_factory=Criteria)
    benefits: Benefits = field(default_factory=Benefits)
    version: int = 0
    archived: bool = False

    @property
    def is_first(self) -> bool:
        """Whether members begin with it."""
        return self.rank == 0

    @property
    def title(self) -> str:
        """How it is called in the language in force."""
        return self.said(current_locale())

    def said(self, locale: str) -> str:
        """How it is called in a language, in another where it has no name in that."""
        own = self.name.get(locale) or next((self.name[one] for one in LOCALES if self.name.get(one)), "")
        if own:
            return own
        return translate(_("Regular member"), locale) if self.is_first else self.code


_BEGINNING = TierFacts(FIRST, 0)

_tiers: dict[str, TierFacts] = {}


async def read_tiers() -> None:
    """Read all tiers anew."""
    rows = await fetch("SELECT code, rank, name, tone, criteria, benefits, version, archived_at FROM tier")
    _tiers.clear()
    _tiers.update((row["code"], of_row(row)) for row in sorted(rows, key=lambda row: row["rank"]))


generation.on_change(read_tiers)


def of_row(row: Mapping[str, object]) -> TierFacts:
    """A row of the table."""
    return TierFacts(
        code=str(row["code"]),
        rank=int(str(row["rank"])),
        name=msgspec.convert(row["name"], dict[str, str]),
        tone=str(row["tone"]),
        criteria=msgspec.convert(row["criteria"], Criteria),
        benefits=msgspec.convert(row["benefits"], Benefits),
        version=int(str(row["version"])),
        archived=row["archived_at"] is not None,
    )


def first_tier() -> TierFacts:
    """The tier that members begin with."""
    return next((tier for tier in _tiers.values() if tier.is_first), _BEGINNING)


def tiers(*, archived: bool = False) -> list[TierFacts]:
    """The tiers in their order, the first one first; archived ones only where asked for."""
    others = [tier for tier in _tiers.values() if not tier.is_first and (archived or not tier.archived)]
    return [first_tier(), *sorted(others, key=lambda tier: tier.rank)]


def tier_of(code: str | None) -> TierFacts:
    """The tier of a code as members carry it: none means the first one."""
    return (_tiers.get(code) or TierFacts(code, 0)) if code is not None else first_tier()


def tier_by_code(code: str, *, archived: bool = False) -> TierFacts:
    """The tier that is called so, whatever the case of its letters."""
    for tier in tiers(archived=archived):
        if tier.code.casefold() == code.strip().casefold():
            return tier
    known = ", ".join(tier.code for tier in tiers())
    raise TierUnknown(_('there is no tier "{code}": the tiers are {known}', code=code, known=known))


def reachable_above(tier: TierFacts) -> list[TierFacts]:
    """The tiers that can be reached by what a member does and are higher than one, the lowest first."""
    return [one for one in tiers() if one.rank > tier.rank and one.criteria.asks]


def asked_by(some: Sequence[TierFacts]) -> list[str]:
    """The metrics that some tiers ask for, each once."""
    return sorted({name for tier in some for name in tier.criteria.asks})
