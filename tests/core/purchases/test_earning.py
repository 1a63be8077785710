"""What a sale earns by rules: the member as before it, the preview as at the till, no statement more than needed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sell

from tessera.kernel.database import fetch
from tessera.points import service as points
from tessera.points.earning import caps, changing, known
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewLine, NewPurchase
from tessera_hooks import Compare, EarningSpec, Factor, Fixed


async def test_a_condition_sees_the_member_as_before_the_sale(ana: UUID) -> None:
    condition = Compare("purchases.count", "==", 1)
    await changing.add_rule("Second visit", EarningSpec(earns=Fixed(7), condition=condition))
    earned = [(await sell(ana, 100_00, f"R{n}")).points.earned for n in range(3)]
    assert earned == [100, 107, 100]


async def test_the_first_purchase_is_the_first_also_in_the_preview(ana: UUID) -> None:
    await changing.switch("points.first_purchase", on=True)
    basket = NewPurchase(buyer=Buyer(id=ana), store="main", amount=10_00)
    told = [(await service.preview(basket)).would_earn, (await sell(ana, 10_00)).points.earned]
    told += [(await service.preview(basket)).would_earn, (await sell(ana, 10_00, "R2")).points.earned]
    assert told == [110, 110, 10, 10]


async def test_goods_earn_by_their_category_and_come_back_with_what_they_earned(ana: UUID) -> None:
    await changing.add_rule("Coffee", EarningSpec(earns=Factor(Decimal(2)), categories=("coffee",)))
    lines = [NewLine(name="Latte", category="coffee", amount=30_00), NewLine(name="Bun", amount=10_00)]
    sold = await service.record_purchase(
        NewPurchase(source="till", external_id="R1", buyer=Buyer(id=ana), store="main", amount=40_00, lines=lines)
    )
    assert sold.points.earned == 70
    assert (await bring_back(sold.id)).points.taken_back == 70
    assert (await points.balances(ana))["points"].balance == 0


async def test_the_same_sale_again_answers_what_all_its_rules_gave(ana: UUID) -> None:
    await changing.add_rule("Extra", EarningSpec(earns=Fixed(5)))
    assert [(await sell(ana, 10_00)).points.earned for _ in range(2)] == [15, 15]
    assert len(await fetch("SELECT 1 FROM entry")) == 2


async def test_no_member_is_asked_for_unless_a_rule_asks(ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_args: Any) -> None:
        raise AssertionError("a statement that no rule needs")

    await changing.add_rule("Extra", EarningSpec(earns=Fixed(5)))
    monkeypatch.setattr(known, "fetchrow", never)
    monkeypatch.setattr(caps, "fetch", never)
    assert (await sell(ana, 10_00)).points.earned == 15
