"""A preview as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from tessera.kernel.texts import translate
from tessera.members.service.standing import tier_code
from tessera.purchases import service
from tessera_hooks import PriceCut


class ClaimOut(msgspec.Struct):
    """What a cut uses up, or could."""

    kind: str
    value: str


class CutOut(msgspec.Struct):
    """What lowers the price by ``amount``; ``claim`` is ``null`` where it holds by itself."""

    kind: str
    title: str
    amount: int
    claim: ClaimOut | None
    until: datetime | None


class RefusedOut(msgspec.Struct):
    """What was held out and cannot be used, and why."""

    kind: str
    title: str
    claim: ClaimOut | None
    reason: str


class SpendOut(msgspec.Struct):
    """What points could pay: at most so many, worth ``value``; ``per_unit`` points are one unit of the currency."""

    most: int
    value: int
    minimum: int
    step: int
    per_unit: int
    available: int


class EarnOut(msgspec.Struct):
    """What a rule would give."""

    rule: str
    points: int
    text: str


class PreviewPoints(msgspec.Struct):
    """What points could do; ``can_spend`` is ``null`` without a member."""

    can_spend: SpendOut | None
    would_earn: int
    by_rule: list[EarnOut]


class WayOut(msgspec.Struct):
    """A way to pay; ``holds`` is how much the member has of it, ``null`` where there is no limit."""

    method: str
    title: str
    holds: int | None


class TierNow(msgspec.Struct):
    """The member's tier; ``null`` without a member."""

    code: str | None
    title: str | None


def _tier(found: service.Preview) -> TierNow:
    if found.member is None:
        return TierNow(None, None)
    return TierNow(tier_code(found.tier), translate(found.tier_title) if found.tier_title else None)


class PreviewLine(msgspec.Struct):
    """A line after all cuts, by its place in the request, counted from 1."""

    place: int
    to_pay: int


class PreviewOut(msgspec.Struct):
    """What a purchase would come to; money in minor units of ``currency``, ``due`` after points that pay."""

    member: UUID | None
    currency: str
    amount: int
    to_pay: int
    due: int
    lines: list[PreviewLine]
    cuts: list[CutOut]
    offers: list[CutOut]
    refused: list[RefusedOut]
    points: PreviewPoints
    methods: list[WayOut]
    tier: TierNow


def preview_out(found: service.Preview) -> PreviewOut:
    """A preview as programs see it, in the language of the request."""
    quote = found.spendable
    spend = [quote.most, quote.value, quote.minimum, quote.step, quote.per_unit, quote.available] if quote else None
    return PreviewOut(
        member=found.member,
        currency=found.currency,
        amount=found.amount,
        to_pay=found.to_pay,
        due=found.due,
        lines=[PreviewLine(place, amount) for place, amount in found.lines.items()],
        cuts=_cuts(found.cuts),
        offers=_cuts(found.offers),
        refused=[
            RefusedOut(cut.kind, translate(cut.title), _claim(cut), translate(cut.refused or ""))
            for cut in found.refused
        ],
        points=PreviewPoints(
            SpendOut(*spend) if spend else None,
            found.would_earn,
            [EarnOut(one.rule, one.points, translate(one.explanation)) for one in found.earns],
        ),
        methods=[WayOut(way.method, translate(way.title), way.holds) for way in found.methods],
        tier=TierNow(
            tier_code(found.tier) if found.member else None, translate(found.tier_title) if found.tier_title else None
        ),
    )


def _cuts(cuts: Iterable[PriceCut]) -> list[CutOut]:
    return [CutOut(cut.kind, translate(cut.title), cut.amount, _claim(cut), cut.until) for cut in cuts]


def _claim(cut: PriceCut) -> ClaimOut | None:
    return ClaimOut(cut.claim.kind, cut.claim.value) if cut.claim else None
