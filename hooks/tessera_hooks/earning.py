"""Earning points: rules that say for what, when, to whom and how much, and factors that a plugin answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from uuid import UUID

import msgspec

from tessera_hooks.conditions import Condition
from tessera_hooks.marking import hookspec
from tessera_hooks.selling import AwardLine
from tessera_hooks.texts import Text

Rounding = Literal["down", "half_up", "up"]
Once = Literal["always", "day", "subject", "ever"]


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``points`` for each ``per`` whole units of ``currency``; ``None`` stands for every currency not named."""

    points: Decimal = Decimal(1)
    per: Decimal = Decimal(1)
    currency: str | None = None


class PerAmount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="per_amount"):
    """Points for what is paid: the first rate of the purchase's currency, or none where there is no such rate.

    ``full`` counts full steps only: of 5 points for each 100, 199 bring 5. The points are rounded once for the
    purchase, or once for each line, as ``by`` says.
    """

    rates: tuple[Rate, ...] = (Rate(),)
    rounding: Rounding = "down"
    by: Literal["purchase", "line"] = "purchase"
    full: bool = False


class Fixed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="fixed"):
    """So many points, whatever is paid; no factor multiplies them."""

    points: int


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="factor"):
    """Multiplies what the rules by amount give, for the lines that this rule is about."""

    factor: Decimal


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a wall-clock time until before another, as ``"17:00"``; one that ends before it begins passes midnight."""

    since: str
    until: str


class EarningSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that an earning rule says; whatever is left empty does not restrict it.

    ``deed`` makes it a rule for a deed (``own_cup``) instead of purchases; it then gives ``Fixed`` points, as often
    as ``once`` says: each time, once a day, once for each subject (a friend who was invited), once ever.
    ``categories`` and ``skus`` are what alone counts, ``not_categories`` and ``not_skus`` what does not; GTINs meet
    in whatever length they are written. ``stores`` are codes; ``weekdays`` (1 is Monday) and ``hours`` are read in
    the store's zone. ``tiers`` are codes. ``birthday`` asks for the month or the day of the member's birthday in
    the business's zone. ``condition`` looks at the member as they were before the purchase. ``most_per_day`` and
    ``most_per_member`` cut what the rule gives one member on a day of the business's zone, and in all.
    ``starts_on`` and ``ends_on`` are the first and the last day, in the business's zone.
    """

    earns: PerAmount | Fixed | Factor
    deed: str | None = None
    once: Once = "day"
    categories: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    not_skus: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[Hours, ...] = ()
    tiers: tuple[str, ...] = ()
    birthday: Literal["month", "day"] | None = None
    first_purchase: bool = False
    condition: Condition | None = None
    most_per_day: int | None = None
    most_per_member: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None


class EarningRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that a plugin ships: it earns nothing until an integrator switches it on, who may change it before.

    ``name`` is without the plugin: ``off_peak`` of ``fitness`` is ``fitness.off_peak``, and so stands on entries.
    """

    name: str
    title: Text
    spec: EarningSpec
    description: Text = Text("")


@dataclass(frozen=True)
class Award:
    """Points about to be earned: all that an answer may consider. ``at`` carries the store's zone."""

    member: UUID
    tier: str | None
    store: UUID | None
    reason: str
    at: datetime
    currency: str
    amount: int
    lines: Sequence[AwardLine] = ()


@hookspec
def earning_rules() -> list[EarningRule]:  # type: ignore[empty-body]
    """Ship rules by which members earn points, for purchases or for deeds.

    Called once at start. A rule earns nothing until an integrator switches it on, who may change its numbers
    before and later; each change is a version of its own, and entries say by which they were earned. The name is
    given without the plugin. What is earned by a deed of a plugin is booked when it calls
    ``tessera.plugin.record_deed``.

    Example::

        @hookimpl
        def earning_rules():
            return [EarningRule(name="off_peak", title=_("Off-peak hours"), spec=off_peak)]
    """


@hookspec
def points_multiplier(award: Award) -> Fraction | None:
    """Scale the points a member is about to earn by what they pay.

    Called once per award, before the entries are written, and for previews; ``award`` carries all that may be
    considered, so the answer is pure. Answers are multiplied, together with the factors of earning rules;
    points that a rule gives whatever is paid are not. ``None`` means no opinion.

    Example::

        @hookimpl
        def points_multiplier(award):
            return Fraction(2) if award.reason == "purchase" else None
    """
