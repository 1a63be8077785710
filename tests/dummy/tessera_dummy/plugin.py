"""Where the core meets this plugin: one function per hook, no logic."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from tessera_dummy import badges, selling, service
from tessera_dummy.counted import UNITS
from tessera_dummy.records import check_up, habit
from tessera_dummy.rules import cheered, low_score
from tessera_dummy.screens import greet_program, greeting
from tessera_dummy.tickets import ticket
from tessera_hooks import (
    Award,
    Basket,
    ClaimKind,
    EarningRule,
    EntitlementKind,
    Event,
    Fact,
    Job,
    Merging,
    MessageTemplate,
    PaymentMethod,
    Permission,
    PriceCut,
    Reaction,
    RecordType,
    Returning,
    RewardKind,
    Role,
    Rule,
    SampleData,
    Screen,
    Settled,
    Settling,
    Slot,
    StarterSet,
    Text,
    TierMetric,
    Unit,
    _,
    hookimpl,
)


class Waved(msgspec.Struct):
    """How often was waved."""

    times: int


@hookimpl
def permissions() -> list[Permission]:
    return [Permission("greet", _("Greet people"))]


@hookimpl
def roles() -> list[Role]:
    return [Role("greeter", _("Greeter"), ["dummy.greet", "members.read"])]


@hookimpl
def record_types() -> list[RecordType]:
    return [check_up, habit]


@hookimpl
def events() -> list[Event]:
    return [Event("waved", _("Waved"), Waved, icon="hand-stop")]


@hookimpl
def facts() -> list[Fact]:
    return [
        Fact("dummy.waves", _("Waves"), "number", "(SELECT count(*) FROM dummy.seen s WHERE s.about = m.id)"),
    ]


@hookimpl
def rules() -> list[Rule]:
    return [low_score]


@hookimpl
def earning_rules() -> list[EarningRule]:
    return [cheered]


@hookimpl
def units() -> list[Unit]:
    return UNITS


@hookimpl
def message_templates() -> list[MessageTemplate]:
    return [
        MessageTemplate(
            "hello",
            _("Hello"),
            "marketing",
            {"en": "Hello {{ member.name }}", "zh_Hans": "{{ member.name }}，您好"},
            {"en": "From {{ business.name }}.", "zh_Hans": "来自{{ business.name }}。"},
        )
    ]


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("remember", ["dummy.waved", "member.created"], service.remember)]


@hookimpl
def screens() -> list[Screen]:
    return [Screen("greeting", _("Greeting"), "hand-stop", "greet", handlers=[greeting], path="greeting/you")]


@hookimpl
def api() -> list[Any]:
    return [greet_program]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("member.card", "dummy/card.html", service.card)]


@hookimpl
def jobs() -> list[Job]:
    return [Job("tick", timedelta(hours=1), service.tick)]


@hookimpl
def starter_set() -> StarterSet:
    return StarterSet(_("Dummy"), _("Writes one row."), service.start)


@hookimpl
def sample_data() -> SampleData:
    return SampleData(service.sample)


@hookimpl
def reward_kinds() -> list[RewardKind]:
    return [RewardKind("badge", _("Badge"), badges.give, badges.take_back, badges.colours)]


@hookimpl
def entitlement_kinds() -> list[EntitlementKind]:
    return [ticket]


@hookimpl
def tier_metrics() -> list[TierMetric]:
    return [service.WAVES]


@hookimpl
def points_multiplier(award: Award) -> Fraction | None:
    return service.factor(award)


@hookimpl
def claim_kinds() -> list[ClaimKind]:
    return [ClaimKind("voucher", _("Voucher"))]


@hookimpl
def payment_methods() -> list[PaymentMethod]:
    return [PaymentMethod("purse", _("Purse"), selling.holds, selling.not_earning)]


@hookimpl
async def price_basket(basket: Basket) -> Sequence[PriceCut]:
    return await selling.price(basket)


@hookimpl
async def settle_purchase(purchase: Settling) -> Settled:
    return await selling.settle(purchase)


@hookimpl
async def return_purchase(returning: Returning) -> None:
    await selling.give_back(returning)


@hookimpl
async def member_summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    return await service.summaries(members)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await service.move_seen(merging)


@hookimpl
async def undo_merge(merging: Merging) -> Sequence[Text]:
    return await service.give_back_seen(merging)


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await service.told(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await service.forget(member)


@hookimpl
async def search_members(q: str, limit: int) -> Sequence[UUID]:
    return await service.wearers(q, limit)


@hookimpl
def dummy_greeting(name: str) -> Text | None:
    return _("Hello {name}", name=name)
