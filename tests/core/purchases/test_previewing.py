"""A basket before it is sold: what it would cost, use, spend and earn; and that nothing is changed by asking."""

from __future__ import annotations

import types
from dataclasses import replace
from uuid import UUID

import pytest
from core.purchases.selling import sale, sell

from tessera.access import service as access
from tessera.access.actor import acting_as
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import TooMany
from tessera.members.service import MemberUnknown
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewLine, NewPayment, NewPurchase
from tessera_hooks import Basket, Claim, PriceCut


def thought(member: UUID | None, amount: int = 100_00, **more: object) -> NewPurchase:
    return NewPurchase(buyer=Buyer(id=member), store="main", amount=amount, **more)  # type: ignore[arg-type]


async def counts() -> dict[str, int]:
    tables = await fetch("SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables ORDER BY 1")
    return {row["name"]: await fetchval(f"SELECT count(*) FROM {row['name']}") for row in tables}


async def test_a_preview_changes_nothing(ana: UUID, dummy: types.ModuleType) -> None:
    await sell(ana, 500_00)
    await dummy.give_voucher("A", 5_00, ana)
    await dummy.fill_purse(ana, 30_00)
    before = await counts()
    await service.preview(thought(ana, redeem={"points": 100}, claims=[Claim("dummy.voucher", "A")]))
    assert await counts() == before


async def test_a_plugin_cannot_write_while_it_is_asked(
    ana: UUID, dummy: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(basket: Basket) -> list[PriceCut]:
        await dummy.give_voucher("B", 1)
        return []

    monkeypatch.setattr(dummy, "price", write)
    with pytest.raises(Exception, match="read-only transaction"):
        await service.preview(thought(ana))


async def test_vouchers_of_the_member_are_offered_and_used_when_held_out(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.give_voucher("A", 5_00, ana)
    offered = await service.preview(thought(ana))
    assert ([cut.claim for cut in offered.offers], offered.to_pay) == ([Claim("dummy.voucher", "A")], 100_00)
    held = await service.preview(thought(ana, claims=[Claim("dummy.voucher", "A")]))
    assert ([cut.amount for cut in held.cuts], held.offers, held.to_pay) == ([5_00], [], 95_00)


async def test_what_cannot_be_used_says_why(ana: UUID, dummy: types.ModuleType) -> None:
    claims = [Claim("dummy.voucher", "Z"), Claim("nobody.coupon", "C")]
    refused = (await service.preview(thought(ana, claims=claims))).refused
    assert [str(cut.refused) for cut in refused] == ['there is no voucher "Z"', "this is not known"]


async def test_a_discount_by_hand_comes_before_everything_else(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.give_voucher("A", 95_00, ana)
    lines = [NewLine(sku="x", amount=60_00), NewLine(sku="y", amount=40_00)]
    found = await service.preview(
        thought(ana, 90_00, discount=10_00, lines=lines, claims=[Claim("dummy.voucher", "A")])
    )
    assert ([(cut.kind, cut.amount) for cut in found.cuts]) == [("discount", 10_00), ("dummy.voucher", 90_00)]
    assert (found.amount, found.to_pay, found.lines) == (100_00, 0, {1: 0, 2: 0})


async def test_points_that_would_be_spent_earn_nothing(ana: UUID) -> None:
    await sell(ana, 2_000_00)
    found = await service.preview(thought(ana, redeem={"points": 1000}))
    assert (found.to_pay, found.redeemed, found.due, found.would_earn) == (100_00, 10_00, 90_00, 90)
    assert found.spendable is not None
    assert (found.spendable.most, found.spendable.value) == (2000, 20_00)


async def test_what_is_expected_is_what_the_sale_then_earns(ana: UUID) -> None:
    found = await service.preview(thought(ana, 12_34))
    assert (await service.record_purchase(sale(ana, 12_34))).points.earned == found.would_earn


async def test_what_a_purse_would_pay_earns_nothing_as_in_the_sale(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    by_purse = NewPayment("dummy.purse", 30_00)
    found = await service.preview(thought(ana, payments=[by_purse]))
    done = await service.record_purchase(replace(sale(ana, 100_00), payments=[by_purse, NewPayment("cash", 70_00)]))
    assert (found.would_earn, done.points.earned) == (70, 70)


async def test_ways_to_pay_say_what_the_member_holds(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    ways = {way.method: way.holds for way in (await service.preview(thought(ana))).methods}
    assert (ways["cash"], ways["dummy.purse"]) == (None, 30_00)
    assert "dummy.purse" not in {way.method for way in (await service.preview(thought(None))).methods}


async def test_own_methods_are_the_business_choice_in_its_words(ana: UUID) -> None:
    await set_setting(
        "purchases.payment_methods",
        [{"method": "cash", "title": {}}, {"method": "lunch", "title": {"en": "Meal card"}}],
    )
    ways = (await service.preview(thought(ana))).methods
    assert [(way.method, str(way.title)) for way in ways] == [("cash", "Cash"), ("lunch", "Meal card")]


async def test_nobody_is_created_for_a_preview(store: UUID) -> None:
    stranger = replace(thought(None), buyer=Buyer(identity="phone:13900139000"), unknown_member="create")
    assert (await service.preview(stranger)).member is None
    with pytest.raises(MemberUnknown):
        await service.preview(replace(stranger, unknown_member="refuse"))
    assert await fetchval("SELECT count(*) FROM member") == 0


async def test_a_phone_that_is_tried_in_previews_is_counted_like_a_lookup(ana: UUID, store: UUID) -> None:
    secret = await access.add_key("till", ["purchases.write"], store=store)
    key = await access.recognise(secret)
    await set_setting("lookups.misses_per_hour", 3)
    assert key is not None
    with acting_as(key):
        for n in range(3):
            await service.preview(replace(thought(None), buyer=Buyer(identity=f"phone:1390013900{n}")))
        with pytest.raises(TooMany):
            await service.preview(replace(thought(None), buyer=Buyer(identity="phone:13800138000")))


async def test_whoever_is_found_for_a_preview_is_noted(ana: UUID, store: UUID) -> None:
    found = await service.preview(replace(thought(None), buyer=Buyer(identity="phone:13800138000")))
    assert found.member == ana
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.looked_up' AND member = $1", ana) == 1
