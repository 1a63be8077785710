"""Rules by which members earn points: what a rule gives, for what, when, to whom, and how much at most."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from tessera_hooks.conditions import Condition
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
