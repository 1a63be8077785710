"""Where the core meets this plugin: one function per hook, no logic."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tessera.plugin import ledger
from tessera_hooks import (
    Basket,
    ClaimKind,
    EntitlementKind,
    Event,
    Fact,
    Job,
    Merging,
    PaymentMethod,
    Permission,
    PriceCut,
    Reaction,
    Returning,
    RewardKind,
    Role,
    SampleData,
    Screen,
    Settled,
    Settling,
    Slot,
    Text,
    TierMetric,
    Unit,
    _,
    hookimpl,
)
from tessera_wallet import privacy, sales
from tessera_wallet.coupons import api as coupon_api
from tessera_wallet.coupons import bringing as coupons_brought
from tessera_wallet.coupons import events as coupon_events
from tessera_wallet.coupons import facts as coupon_facts
from tessera_wallet.coupons import selling as coupons
from tessera_wallet.coupons.cards import SLOTS as COUPON_SLOTS
from tessera_wallet.coupons.rewards import REWARD_KINDS
from tessera_wallet.coupons.screens import SCREEN as COUPON_SCREEN
from tessera_wallet.explaining import explain
from tessera_wallet.memberships import api as membership_api
from tessera_wallet.memberships import bringing as memberships_brought
from tessera_wallet.memberships import events as membership_events
from tessera_wallet.memberships import facts as membership_facts
from tessera_wallet.memberships.cards import SLOTS as MEMBERSHIP_SLOTS
from tessera_wallet.memberships.entering import start_at_visit
from tessera_wallet.memberships.expiring import tell_expiring
from tessera_wallet.memberships.screens import SCREEN as MEMBERSHIP_SCREEN
from tessera_wallet.packs import api as pack_api
from tessera_wallet.packs import bringing as packs_brought
from tessera_wallet.packs import events as pack_events
from tessera_wallet.packs import facts as pack_facts
from tessera_wallet.pages import SCREENS, SLOTS
from tessera_wallet.permissions import PERMISSIONS, cashier
from tessera_wallet.samples import SAMPLES
from tessera_wallet.units import UNITS
from tessera_wallet.value import api as value_api
from tessera_wallet.value import bringing as value_brought
from tessera_wallet.value import events as value_events
from tessera_wallet.value import facts as value_facts
from tessera_wallet.value.paying import holds, not_earning

ledger.explain("wallet", explain)


@hookimpl
def permissions() -> list[Permission]:
    return [*PERMISSIONS]


@hookimpl
def roles() -> list[Role]:
    return [cashier]


@hookimpl
def units() -> list[Unit]:
    return UNITS


@hookimpl
def events() -> list[Event]:
    return [*coupon_events.EVENTS, *membership_events.EVENTS, *value_events.EVENTS, *pack_events.EVENTS]


@hookimpl
def facts() -> list[Fact]:
    return [*coupon_facts.FACTS, *membership_facts.FACTS, *value_facts.FACTS, *pack_facts.FACTS]


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("memberships_begin", ["visit.recorded"], start_at_visit)]


@hookimpl
def jobs() -> list[Job]:
    return [Job("memberships_expiring", timedelta(hours=1), tell_expiring)]


@hookimpl
def screens() -> list[Screen]:
    return [*SCREENS, MEMBERSHIP_SCREEN, COUPON_SCREEN]


@hookimpl
def slots() -> list[Slot]:
    return [*SLOTS, *MEMBERSHIP_SLOTS, *COUPON_SLOTS]


@hookimpl
def api() -> list[Any]:
    return [*value_api.handlers, *pack_api.handlers, *membership_api.handlers, *coupon_api.handlers]


@hookimpl
def sample_data() -> SampleData:
    return SAMPLES


@hookimpl
def claim_kinds() -> list[ClaimKind]:
    return [ClaimKind("coupon", _("Coupon"))]


@hookimpl
def payment_methods() -> list[PaymentMethod]:
    return [PaymentMethod("stored_value", _("Stored value"), holds, not_earning)]


@hookimpl
def tier_metrics() -> list[TierMetric]:
    return value_facts.METRICS


@hookimpl
def reward_kinds() -> list[RewardKind]:
    return REWARD_KINDS


@hookimpl
def entitlement_kinds() -> list[EntitlementKind]:
    return [value_brought.stored_value, packs_brought.pack, memberships_brought.BROUGHT, coupons_brought.BROUGHT]


@hookimpl
async def price_basket(basket: Basket) -> Sequence[PriceCut]:
    return await coupons.price(basket)


@hookimpl
async def settle_purchase(purchase: Settling) -> Settled | None:
    return await sales.settle(purchase)


@hookimpl
async def return_purchase(returning: Returning) -> None:
    await sales.bring_back(returning)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await privacy.merge(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await privacy.unmerge(merging)


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await privacy.tell(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await privacy.erase(member)
