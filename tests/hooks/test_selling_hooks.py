"""Plugins take part in sales and returns: what they declare, answer, use up and give back."""

from __future__ import annotations

import importlib
import types
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from tessera.kernel.database import fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.state import disable, enable
from tessera_hooks import AwardLine, Basket, Claim, Returning, Settled, Settling, Tender

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
A = Claim("dummy.voucher", "A")


@pytest.fixture
async def dummy(business: None, plugin_host: PluginHost) -> types.ModuleType:
    """How the plugin of the test tree sells."""
    await enable("dummy")
    return importlib.import_module("tessera_dummy.selling")


def basket(member: UUID | None = None, claims: list[Claim] | None = None) -> Basket:
    lines = [AwardLine("tea", None, 1, 30_00, 1)]  # type: ignore[arg-type]
    return Basket(
        member=member, tier=None, store=None, at=AT, currency="CNY", amount=30_00, lines=lines, claims=claims or []
    )


def settling(member: UUID | None = None, claims: list[Claim] | None = None, tenders: list[Tender] | None = None):
    return Settling(
        purchase=uuid7(), member=member, tier=None, store=None, staff=None, at=AT, currency="CNY", amount=30_00,
        claims=claims or [], tenders=tenders or [],
    )  # fmt: skip


def test_claims_and_ways_to_pay_are_known_by_their_plugin(plugin_host):
    kinds = [(one.plugin, one.value.name) for one in plugin_host.declared("claim_kinds")]
    methods = [(one.plugin, one.value.name) for one in plugin_host.declared("payment_methods")]
    assert ("dummy", "voucher") in kinds
    assert ("dummy", "purse") in methods


async def test_each_plugin_prices_the_basket_for_itself(plugin_host, dummy):
    await dummy.give_voucher("A", 5_00)
    answers = dict(await plugin_host.participate("price_basket", basket=basket(claims=[A])))
    assert [(cut.claim, cut.amount, cut.stacks) for cut in answers["dummy"]] == [(A, 5_00, True)]


async def test_each_plugin_says_what_it_settled(plugin_host, dummy):
    member = uuid7()
    await dummy.give_voucher("A", 5_00)
    await dummy.fill_purse(member, 30_00)
    tenders = [Tender("dummy.purse", 20_00), Tender("cash", 10_00)]

    async def work():
        return await plugin_host.participate("settle_purchase", purchase=settling(member, [A], tenders))

    answers = dict(await in_transaction(work))
    assert answers["dummy"] == Settled(claims=[A], tenders=["dummy.purse"], not_earning=20_00)


async def test_a_way_to_pay_says_ahead_what_of_its_money_earns_nothing(plugin_host, dummy):
    methods = {(one.plugin, one.value.name): one.value for one in plugin_host.declared("payment_methods")}
    asked = methods["dummy", "purse"].not_earning
    assert await asked(uuid7(), None, "CNY", 20_00) == 20_00


async def test_each_plugin_gives_back_what_was_its_own(plugin_host, dummy):
    member = uuid7()
    await dummy.fill_purse(member, 10_00)
    returning = Returning(
        purchase=uuid7(), purchase_return=uuid7(), member=member, store=None, at=AT, currency="CNY", amount=15_00,
        share=Fraction(1, 2), refunds=[Tender("dummy.purse", 5_00), Tender("cash", 10_00)],
    )  # fmt: skip
    await plugin_host.participate("return_purchase", returning=returning)
    assert await fetchval("SELECT amount FROM dummy.seen WHERE what = 'purse'") == 15_00


async def test_a_plugin_that_rests_is_not_asked(plugin_host, dummy):
    await dummy.give_voucher("A", 5_00)
    await disable("dummy")
    assert "dummy" not in dict(await plugin_host.participate("price_basket", basket=basket(claims=[A])))
    assert plugin_host.declared_in("payment_methods") == [
        one for one in plugin_host.declared("payment_methods") if plugin_host.enabled(one.plugin)
    ]
