"""Trying out: what a purchase would bring someone who is made up; nothing of a member is read, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tessera.access.service import store_by_code
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.points.earning.caps import Given
from tessera.points.earning.known import Known
from tessera.points.earning.matching import is_then_and_there
from tessera.points.earning.reckoning import reckon
from tessera.points.earning.rules import in_force
from tessera.points.earning.saying import say_earned
from tessera.points.earning.titles import carried_by
from tessera.points.service.earning import Expected, multipliers
from tessera_hooks import Award, AwardLine

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Purchase:
    """What someone would buy, in minor units of the business's currency, and what kind of member they are.

    ``at`` is a wall-clock time of the store. ``meets`` says whether they meet whatever conditions rules ask for.
    """

    amount: int
    store: str | None = None
    tier: str | None = None
    category: str | None = None
    at: datetime | None = None
    birthday: bool = False
    first: bool = False
    meets: bool = False


@dataclass(frozen=True)
class Tried:
    """What it would bring, rule by rule, and in all."""

    expected: Sequence[Expected]

    @property
    def points(self) -> int:
        """All points together."""
        return sum(one.points for one in self.expected)


def try_out(purchase: Purchase) -> Tried:
    """What a purchase would bring, of caps only what they allow on a day on which nothing was earned before."""
    store = store_by_code(purchase.store) if purchase.store else None
    zone = clock.zone(store.timezone if store else business().timezone)
    at = purchase.at.replace(tzinfo=zone) if purchase.at else clock.now().astimezone(zone)
    line = AwardLine(None, purchase.category, Decimal(1), purchase.amount)
    award = Award(
        member=NOBODY,
        tier=carried_by(purchase.tier),
        store=store.id if store else None,
        reason="purchase",
        at=at,
        currency=business().currency,
        amount=purchase.amount,
        lines=[line],
    )
    today = clock.local_day(at, business().timezone)
    known = Known(today if purchase.birthday else None, purchase.first, assumed=purchase.meets)
    rules = [version for version in in_force(at, award.store) if is_then_and_there(version.spec, award)]
    worths = Given().cut(award, reckon(award, rules, known, multipliers(award)))
    return Tried(
        [
            Expected(
                worth.version.code,
                worth.version.shown,
                worth.points,
                say_earned(worth.facts, worth.points, worth.version.version),
            )
            for worth in worths
        ]
    )
