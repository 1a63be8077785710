"""Settling a sale: claims used up once, money that plugins take, points that pay, all in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
import types
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale, sell

from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.events import history
from tessera.kernel.plugins.state import disable
from tessera.members.service import account_of
from tessera.points import service as points
from tessera.points.service import InsufficientBalance
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewPayment, TierMoved, participating
from tessera.purchases.service.contract import normal_form
from tessera_hooks import Claim, Returning, Settling


def voucher(code: str) -> Claim:
    return Claim("dummy.voucher", code)


async def available(member: UUID) -> int:
    return await points.available([await account_of(member)])


async def test_a_claim_is_used_up_by_the_sale_and_kept_with_it(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.give_voucher("A", 5_00)
    done = await service.record_purchase(replace(sale(ana, 45_00), discount=5_00, claims=[voucher("A")]))
    rows = await fetch("SELECT purchase, kind, value, plugin FROM purchase_claim")
    assert [tuple(row) for row in rows] == [(done.id, "dummy.voucher", "A", "dummy")]
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'used A'") == 1


async def test_of_twelve_tills_that_hold_out_one_claim_one_sells(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.give_voucher("A", 5_00)
    sales = [replace(sale(ana, 45_00, f"R{n}"), claims=[voucher("A")]) for n in range(12)]
    done = await asyncio.gather(*[service.record_purchase(one) for one in sales], return_exceptions=True)
    assert Counter(type(one).__name__ for one in done)["Recorded"] == 1
    assert await fetchval("SELECT count(*) FROM purchase") == await fetchval("SELECT count(*) FROM purchase_claim") == 1
    assert await available(ana) == 45


@pytest.mark.parametrize(
    ("claims", "field", "said"),
    [
        ([Claim("nobody.coupon", "A")], "claims.0.kind", 'nobody here knows claims of the kind "nobody.coupon"'),
        ([Claim("dummy.ticket", "A")], "claims.0.kind", 'nobody here knows claims of the kind "dummy.ticket"'),
        ([voucher("Z")], "claims.0.value", 'there is no voucher "Z"'),
        ([voucher("A"), voucher("solo")], "claims.1.value", '"Voucher" cannot be used together with others'),
        ([voucher("A"), voucher("A")], "claims.1.value", "this is held out twice"),
    ],
)
async def test_a_claim_that_cannot_be_used_is_named_and_nothing_is_sold(
    ana: UUID, dummy: types.ModuleType, claims: Sequence[Claim], field: str, said: str
) -> None:
    await dummy.give_voucher("A", 5_00)
    await dummy.give_voucher("solo", 5_00)
    with pytest.raises(Invalid, match=said) as refused:
        await service.record_purchase(replace(sale(ana, 45_00), claims=claims))
    assert [error.field for error in refused.value.errors] == [field]
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_what_the_purse_pays_is_taken_there_and_earns_nothing_again(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    paid = [NewPayment("dummy.purse", 20_00), NewPayment("cash", 10_00)]
    done = await service.record_purchase(replace(sale(ana, 30_00), payments=paid))
    assert done.points.earned == 10
    assert await fetchval("SELECT amount FROM dummy.seen WHERE what = 'purse'") == 10_00


async def test_a_purse_is_spent_once_by_two_tills(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    sales = [replace(sale(ana, 20_00, f"R{n}"), payments=[NewPayment("dummy.purse", 20_00)]) for n in range(2)]
    done = await asyncio.gather(*[service.record_purchase(one) for one in sales], return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["PurseEmpty", "Recorded"]


@pytest.mark.parametrize(
    ("paid", "field"),
    [
        ([NewPayment("dummy.purse", 0)], "payments.0.amount"),
        ([NewPayment("nobody.purse", 1)], "payments.0.method"),
        ([NewPayment("cash", 10_01)], "payments"),
    ],
)
async def test_money_that_nobody_takes_or_owes_is_refused(
    ana: UUID, dummy: types.ModuleType, paid: Sequence[NewPayment], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await service.record_purchase(replace(sale(ana, 10_00), payments=paid))
    assert [error.field for error in refused.value.errors] == [field]


async def test_what_a_plugin_leaves_unsettled_refuses_the_sale(
    ana: UUID, dummy: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dummy.give_voucher("A", 5_00)

    async def forget(purchase: Settling) -> None:
        return None

    monkeypatch.setattr(dummy, "settle", forget)
    with pytest.raises(Invalid, match='"A" was not used up: nobody settles it'):
        await service.record_purchase(replace(sale(ana, 45_00), claims=[voucher("A")]))
    with pytest.raises(Invalid, match=r'the money by "dummy\.purse" was not taken'):
        await service.record_purchase(replace(sale(ana, 45_00), payments=[NewPayment("dummy.purse", 1)]))
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_history_is_not_settled(ana: UUID, dummy: types.ModuleType) -> None:
    with history():
        await service.record_purchase(replace(sale(ana, 45_00), claims=[voucher("gone")]))
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'settled'") == 0


async def test_points_pay_a_part_and_only_the_rest_earns(ana: UUID) -> None:
    await sell(ana, 1_000_00)
    done = await service.record_purchase(replace(sale(ana, 50_00, "R2"), redeem={"points": 700}))
    assert (done.points.redeemed, done.points.earned, done.points.available) == (700, 43, 343)
    assert await fetchval("SELECT points_paid FROM purchase WHERE id = $1", done.id) == 7_00


async def test_points_that_are_not_there_sell_nothing(ana: UUID) -> None:
    await sell(ana, 5_00)
    with pytest.raises(InsufficientBalance):
        await service.record_purchase(replace(sale(ana, 50_00, "R2"), redeem={"points": 100}))
    assert await fetchval("SELECT count(*) FROM purchase") == 1


async def test_points_without_a_member_are_refused(store: UUID) -> None:
    with pytest.raises(Invalid, match="points are a member's: say who buys"):
        await service.record_purchase(replace(sale(None, 50_00), redeem={"points": 100}))


async def test_the_same_sale_again_has_the_same_answer(ana: UUID, dummy: types.ModuleType) -> None:
    await sell(ana, 1_000_00)
    await dummy.give_voucher("A", 5_00)
    new = replace(sale(ana, 45_00, "R2"), discount=5_00, claims=[voucher("A")], redeem={"points": 500})
    first, again = await service.record_purchase(new), await service.record_purchase(new)
    assert replace(again, again=False) == first
    with pytest.raises(service.PurchaseConflict):
        await service.record_purchase(replace(new, redeem={"points": 400}))


async def test_a_known_sale_is_answered_though_its_plugin_rests_now(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(ana, 30_00)
    new = replace(sale(ana, 20_00), payments=[NewPayment("dummy.purse", 20_00)])
    first = await service.record_purchase(new)
    await disable("dummy")
    assert (await service.record_purchase(new)).id == first.id


def test_the_fingerprint_of_a_body_without_the_new_fields_is_what_it_was() -> None:
    written = normal_form(sale(UUID(int=1), 10_00))
    assert hashlib.sha256(written).hexdigest()[:16] == "ff72832262525009"


async def test_a_phone_cannot_be_tried_out_against_the_fingerprint_of_a_sale(ana: UUID) -> None:
    new = replace(sale(ana, 10_00), buyer=Buyer(identity="phone:13800138000"))
    await service.record_purchase(new)
    kept = bytes(await fetchval("SELECT fingerprint FROM purchase"))
    assert kept == new.fingerprint != hashlib.sha256(normal_form(new)).digest()


async def test_whoever_watches_settled_sales_may_change_the_tier(ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    async def promote(settling: Settling, earned: int) -> TierMoved | None:
        return TierMoved("gold", changed=True) if earned >= 100 else None

    monkeypatch.setattr(participating, "_settled", [promote])
    small, large = await sell(ana, 5_00, "R1"), await sell(ana, 100_00, "R2")
    assert (small.tier, large.tier) == (TierMoved(None), TierMoved("gold", changed=True))
    assert (await sell(ana, 100_00, "R2")).tier == large.tier


async def test_whoever_watches_returns_is_told_the_share(ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    async def note(returning: Returning) -> None:
        told.append((str(returning.share), returning.whole))

    monkeypatch.setattr(participating, "_returned", [note])
    bought = await sell(ana, 100_00)
    await bring_back(bought.id, "B1", amount=25_00)
    await bring_back(bought.id, "B2")
    assert told == [("1/4", False), ("1", True)]


async def test_a_sale_keeps_the_tier_it_was_made_in(ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(participating, "_settled", [])
    await fetch(
        "INSERT INTO tier (id, code, name, rank, tone, criteria, benefits, version, changed_at) "
        "VALUES ($1, 'silver', '{}', 1, '', '{}', '{}', 1, now()) RETURNING id",
        ana,
    )
    await fetch("UPDATE member SET tier = 'silver' WHERE id = $1 RETURNING id", ana)
    done = await sell(ana, 10_00)
    assert (done.tier, await fetchval("SELECT tier FROM purchase")) == (TierMoved("silver"), "silver")
