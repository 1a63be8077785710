"""Tiers as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import FromPath, JSONBody

from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.texts import LOCALES
from tessera.members.api import SqlPart, register_member_part
from tessera.tiers.service import by_hand
from tessera.tiers.service.defined import TierFacts, first_tier, tiers
from tessera.tiers.service.progress import Measured, TierView, period_moments, tier_view
from tessera_hooks import _

register_member_part("tier", SqlPart(lambda first: f"coalesce(m.tier, ${first}::text)", lambda: (first_tier().code,)))


class CriteriaOut(msgspec.Struct):
    """At least ``needs`` of each metric, money in minor units; one of them is enough where ``any_of``."""

    any_of: bool
    metrics: dict[str, int]


class BenefitsOut(msgspec.Struct):
    """What a tier gives; ``discount`` in percent and ``multiplier`` as decimal strings."""

    discount: str
    categories: list[str]
    stacks: bool
    multiplier: str
    services: list[str]
    birthday: str

    @classmethod
    def of(cls, tier: TierFacts) -> BenefitsOut:
        """A tier's benefits as programs see them."""
        gives = tier.benefits
        return cls(
            discount=f"{gives.discount:f}",
            categories=list(gives.categories),
            stacks=gives.stacks,
            multiplier=f"{gives.multiplier:f}",
            services=list(gives.services),
            birthday=gives.birthday,
        )


class TierDefined(msgspec.Struct):
    """A tier; ``rank`` 0 is the one that members begin with."""

    code: str
    name: dict[str, str]
    rank: int
    criteria: CriteriaOut
    benefits: BenefitsOut
    version: int

    @classmethod
    def of(cls, tier: TierFacts) -> TierDefined:
        """A tier as programs see it."""
        return cls(
            code=tier.code,
            name={locale: tier.said(locale) for locale in LOCALES},
            rank=tier.rank,
            criteria=CriteriaOut(tier.criteria.match == "any", dict(tier.criteria.asks)),
            benefits=BenefitsOut.of(tier),
            version=tier.version,
        )


class TierList(msgspec.Struct):
    """All tiers, the first one first."""

    items: list[TierDefined]
    next: None = None


class MeasuredOut(msgspec.Struct):
    """How far somebody has come in a metric; ``null`` where it cannot be counted now."""

    metric: str
    has: int | None
    needs: int
    missing: int | None

    @classmethod
    def of(cls, measured: Measured) -> MeasuredOut:
        """A metric as programs see it."""
        return cls(measured.metric, measured.has, measured.needs, measured.missing)


class ProgressOut(msgspec.Struct):
    """What somebody has of a higher tier; one metric is enough where ``any_of``."""

    tier: str
    metrics: list[MeasuredOut]
    any_of: bool


class PeriodOut(msgspec.Struct):
    """From when on and before when is counted."""

    since: datetime
    until: datetime


class WarningOut(msgspec.Struct):
    """The last day of a tier that is not met any more, and what is missing to keep it."""

    ends: date
    metrics: list[MeasuredOut]


class MemberTierOut(msgspec.Struct):
    """A member's tier; ``until`` is the first moment after it, ``text`` says in plain words what is missing."""

    tier: str
    since: datetime | None
    until: datetime | None
    by_hand: bool
    progress: list[ProgressOut]
    period: PeriodOut
    benefits: BenefitsOut
    warning: WarningOut | None
    text: dict[str, str]

    @classmethod
    def of(cls, view: TierView) -> MemberTierOut:
        """A member's tier as programs see it."""
        warned = view.warning
        return cls(
            tier=view.tier.code,
            since=view.since,
            until=view.grace_until or view.until,
            by_hand=view.by_hand,
            progress=[
                ProgressOut(one.tier.code, [MeasuredOut.of(m) for m in one.metrics], one.any_of)
                for one in view.progress
            ],
            period=PeriodOut(*period_moments(view)),
            benefits=BenefitsOut.of(view.tier),
            warning=WarningOut(warned.ends, [MeasuredOut.of(m) for m in warned.metrics]) if warned else None,
            text=view.text,
        )


class TierIn(msgspec.Struct, forbid_unknown_fields=True):
    """A tier by hand: its code, the last day of it, and why; without a day it has no end."""

    tier: str
    reason: str
    until: str | None = None

    def last_day(self) -> date | None:
        """The last day; a moment stands for its day."""
        if not self.until:
            return None
        try:
            return date.fromisoformat(self.until[:10])
        except ValueError:
            message = _("give a day such as 2027-01-31")
            raise Invalid(message, [FieldError("until", message)]) from None


@get("/tiers", permission="members.read", operation_id="tiers.list", tags=["tiers"], sync_to_thread=False)
def list_tiers() -> TierList:
    """The tiers in their order, with what they ask for and give."""
    return TierList([TierDefined.of(tier) for tier in tiers()])


@get("/members/{member_id:uuid}/tier", permission="members.read", operation_id="members.tier", tags=["tiers"])
async def get_tier(member_id: FromPath[UUID]) -> MemberTierOut:
    """A member's tier, and what is missing for each higher one."""
    return MemberTierOut.of(await tier_view(member_id))


@put("/members/{member_id:uuid}/tier", permission="tiers.write", operation_id="members.set_tier", tags=["tiers"])
async def set_tier(member_id: FromPath[UUID], data: JSONBody[TierIn]) -> MemberTierOut:
    """Put a member into a tier by hand."""
    await by_hand.set_tier(member_id, data.tier, reason=data.reason, last_day=data.last_day())
    return MemberTierOut.of(await tier_view(member_id, permission="tiers.write"))


handlers: list[Any] = [list_tiers, get_tier, set_tier]
