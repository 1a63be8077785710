"""A member's tier as people and programs read it: since when, until when, and what is missing for the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import fetchrow
from tessera.kernel.texts import LOCALES, translate
from tessera.members.service import need_visible
from tessera.tiers.periods import counted_from, midnight, scheme, tomorrow
from tessera.tiers.service.counting import Counted, count
from tessera.tiers.service.defined import TierFacts, asked_by, reachable_above, tier_of
from tessera.tiers.service.words import say_benefits, say_day, say_missing
from tessera_hooks import _


@dataclass(frozen=True)
class Measured:
    """How far somebody has come in one metric; ``None`` where it cannot be counted."""

    metric: str
    has: int | None
    needs: int

    @property
    def missing(self) -> int | None:
        """How much is missing still."""
        return None if self.has is None else max(0, self.needs - self.has)


@dataclass(frozen=True)
class Progress:
    """How far somebody has come towards a tier; ``any_of`` says that one of the metrics is enough."""

    tier: TierFacts
    metrics: Sequence[Measured]

    @property
    def any_of(self) -> bool:
        """Whether one is enough."""
        return self.tier.criteria.match == "any"

    @property
    def share(self) -> int:
        """Percent of the way, by the metric that lags where all are asked, by the one that leads where one is."""
        parts = [min(100, max(0, (one.has or 0) * 100 // one.needs)) for one in self.metrics]
        return max(parts, default=0) if self.any_of else min(parts, default=0)


@dataclass(frozen=True)
class Warned:
    """A tier that ends on a day unless what it asks for is met before."""

    ends: date
    metrics: Sequence[Measured]


@dataclass(frozen=True)
class TierView:
    """Everything about a member's tier now; ``since`` and ``until`` are days, ``end`` the first that counts no more."""

    member: UUID
    tier: TierFacts
    since: datetime | None
    until: datetime | None
    grace_until: datetime | None
    by_hand: bool
    pinned: bool
    progress: Sequence[Progress]
    period: tuple[date, date]
    warning: Warned | None = None
    text: dict[str, str] = field(default_factory=dict)

    @property
    def last_day(self) -> date | None:
        """The last day of the tier, grace included."""
        end = self.grace_until or self.until
        return _day_before(end) if end is not None else None


def _day_before(end: datetime) -> date:
    return clock.local_day(end, business().timezone) - timedelta(days=1)


_HELD = """
SELECT m.tier, t.since, t.until, t.grace_until, t.warned_at, coalesce(t.by_hand, false) AS by_hand,
    coalesce(t.pinned, false) AS pinned
FROM member m LEFT JOIN member_tier t ON t.member = m.id WHERE m.id = $1
"""


async def tier_view(member: UUID, *, permission: str = "members.read") -> TierView:
    """A member's tier, and what is missing for each higher one."""
    who = await need_visible(member, permission)
    row = await fetchrow(_HELD, who)
    tier = tier_of(row["tier"])
    above, end = reachable_above(tier), tomorrow()
    since = counted_from(scheme(), end)
    counted = await count(who, asked_by(above), since, end)
    view = TierView(
        member=who,
        tier=tier,
        since=row["since"],
        until=row["until"],
        grace_until=row["grace_until"],
        by_hand=row["by_hand"],
        pinned=row["pinned"],
        progress=[Progress(one, _measured(one, counted)) for one in above],
        period=(since, end),
        warning=await _warning(who, tier, row),
    )
    view.text.update({locale: _said(view, locale) for locale in LOCALES})
    return view


def _measured(tier: TierFacts, counted: Counted) -> list[Measured]:
    return [Measured(name, counted.get(name), least) for name, least in tier.criteria.asks.items()]


async def _warning(who: UUID, tier: TierFacts, row: Any) -> Warned | None:
    """What is missing for the present tier, for whoever was warned and has not reached it since."""
    if row["warned_at"] is None or row["until"] is None:
        return None
    end = row["grace_until"] or row["until"]
    last = clock.local_day(end, business().timezone)
    since = counted_from(scheme(), clock.local_day(row["until"], business().timezone))
    counted = await count(who, [*tier.criteria.asks], since, last)
    if tier.criteria.met_by(counted):
        return None
    return Warned(_day_before(end), _measured(tier, counted))


def _said(view: TierView, locale: str) -> str:
    """Where someone stands, in plain words of a language."""
    said = [_standing(view, locale)]
    if view.warning is not None:
        missing = {one.metric: one.missing for one in view.warning.metrics}
        said.append(say_missing(view.tier, missing, view.warning.ends, locale))
    if view.progress:
        following = view.progress[0]
        missing = {one.metric: one.missing for one in following.metrics}
        said.append(say_missing(following.tier, missing, _by(view), locale))
    gives = say_benefits(view.tier.benefits, locale)
    if gives:
        said.append(
            translate(_("What it brings: {benefits}.", benefits=translate(_(", "), locale).join(gives)), locale)
        )
    return ("" if locale == "zh_Hans" else " ").join(said)


def _standing(view: TierView, locale: str) -> str:
    last = view.last_day
    name = view.tier.said(locale)
    if last is None:
        return translate(_("Tier: {tier}.", tier=name), locale)
    return translate(_("Tier: {tier}, until {day}.", tier=name, day=say_day(last, locale)), locale)


def _by(view: TierView) -> date | None:
    """By when something counts: the end of the year where that is what counts, else there is no such day."""
    if scheme().kind == "rolling":
        return None
    first = counted_from(scheme(), view.period[1])
    return date(first.year + 1, first.month, 1) - timedelta(days=1)


def period_moments(view: TierView) -> tuple[datetime, datetime]:
    """From when on and before when is counted."""
    return midnight(view.period[0]), midnight(view.period[1])
