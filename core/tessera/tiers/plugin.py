"""Where tiers meet the hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from tessera.members.imports import register_member_columns
from tessera.members.service.standing import register_tiers
from tessera.purchases.service import (
    register_returned,
    register_settled,
    register_tier_then,
    register_tier_title,
)
from tessera.tiers import events as declared
from tessera.tiers.benefits import cut_of, factor_of
from tessera.tiers.cards import marks, tier_card, tier_mark, title_of
from tessera.tiers.facts import FACTS
from tessera.tiers.imports import columns
from tessera.tiers.metrics import CORE_METRICS
from tessera.tiers.service import applying
from tessera.tiers.service.history import tier_then
from tessera.tiers.service.merging import merge_tiers, unmerge_tiers
from tessera.tiers.service.privacy import erase_tiers, tell_tiers
from tessera.tiers.service.rising import after_purchase, follow
from tessera.tiers.service.undone import after_return
from tessera_hooks import (
    Award,
    Basket,
    Event,
    Fact,
    Job,
    Merging,
    PriceCut,
    Reaction,
    Screen,
    Slot,
    Text,
    _,
    hookimpl,
)

register_settled(after_purchase)
register_returned(after_return)
register_tier_title(title_of)
register_tier_then(tier_then)
register_tiers(marks)
register_member_columns(columns)


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_tiers(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_tiers(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_tiers(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await unmerge_tiers(merging)


@hookimpl
def events() -> list[Event]:
    return declared.EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("tiers.follow", sorted({kind for metric in CORE_METRICS for kind in metric.events}), follow)]


@hookimpl
def jobs() -> list[Job]:
    return [
        Job("tiers.nightly", "20 0 * * *", applying.nightly),
        Job("tiers.night_goes_on", timedelta(minutes=1), applying.go_on),
    ]


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("tiers", _("Tiers"), "award", "settings.write", (), "/settings/tiers"),
        Screen("rates", _("Exchange rates"), "currency-dollar", "settings.write", (), "/settings/exchange-rates"),
    ]


@hookimpl
def slots() -> list[Slot]:
    return [
        Slot("member.mark", "tiers/mark.html", tier_mark, "members.read"),
        Slot("member.card", "tiers/card.html", tier_card, "members.read"),
    ]


@hookimpl
async def price_basket(basket: Basket) -> Sequence[PriceCut]:
    cut = cut_of(basket)
    return [cut] if cut is not None else []


@hookimpl
def points_multiplier(award: Award) -> Fraction | None:
    return factor_of(award)
