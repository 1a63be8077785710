"""Where rewards meet the hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.points.rewards.cards import rewards_card
from tessera.points.rewards.events import EVENTS
from tessera.points.rewards.explaining import explain_redemption
from tessera.points.rewards.service import REDEEMED, at_till
from tessera.points.rewards.service.moving import (
    erase_redemptions,
    merge_redemptions,
    tell_redemptions,
    unmerge_redemptions,
)
from tessera.points.service.correcting import owned
from tessera.points.service.explaining import register
from tessera.points.service.paying import PAID, explain_paid
from tessera_hooks import (
    Basket,
    ClaimKind,
    Event,
    Merging,
    PriceCut,
    Returning,
    Screen,
    Settled,
    Settling,
    Slot,
    Text,
    _,
    hookimpl,
)

register(REDEEMED, explain_redemption)
register(PAID, explain_paid)
owned(REDEEMED, _("cancel the redemption instead: its points come back with it"))


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_redemptions(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_redemptions(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any] | None:
    return await merge_redemptions(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await unmerge_redemptions(merging)


@hookimpl
def events() -> list[Event]:
    return EVENTS


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("redemptions", _("Rewards to hand over"), "package", "points.write", (), "/redemptions"),
        Screen("rewards", _("Rewards"), "gift", "settings.write", (), "/settings/rewards"),
        Screen("paying", _("Paying with points"), "coins", "settings.write", (), "/settings/paying"),
    ]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("member.card", "rewards/card.html", rewards_card, permission="points.read")]


@hookimpl
def claim_kinds() -> list[ClaimKind]:
    return [at_till.CLAIM]


@hookimpl
async def price_basket(basket: Basket) -> Sequence[PriceCut]:
    return await at_till.cuts(basket)


@hookimpl
async def settle_purchase(purchase: Settling) -> Settled | None:
    return await at_till.use(purchase)


@hookimpl
async def return_purchase(returning: Returning) -> None:
    await at_till.give_back(returning)
