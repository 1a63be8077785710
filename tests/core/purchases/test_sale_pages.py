"""Pages of sales: claiming a receipt, what a purchase says, whose sales they were, and the ways to pay."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from core.purchases.conftest import NOW
from core.purchases.selling import sale, sell
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.access.actor import system_actor
from tessera.access.service.staff import insert_staff
from tessera.kernel.database import fetchval
from tessera.purchases import service
from tessera.purchases.service import NewLine, NewPayment, Share, own_methods


async def test_a_receipt_is_claimed_by_its_code(owner, ana: UUID):  # noqa: F811
    with system_actor():
        code = (await sell(None, 80_00)).claim_code or ""
    answer = await send(owner, f"/members/{ana}/claim", code=service.shown_code(code))
    assert "A purchase of ¥80.00 was claimed: 80 points earned." in answer.text
    assert await fetchval("SELECT member FROM purchase") == ana


async def test_a_wrong_code_is_said_where_it_was_typed(owner, ana: UUID):  # noqa: F811
    answer = await send(owner, f"/members/{ana}/claim", code="nothing")
    assert (answer.status_code, "There is no receipt with this code." in answer.text) == (404, True)


async def test_a_sale_is_given_to_whoever_the_phone_leads_to(owner, ana: UUID):  # noqa: F811
    with system_actor():
        sold = await sell(None, 80_00)
    here = f"/purchases/{sold.id}"
    assert service.shown_code(sold.claim_code or "") in (await owner.get(here)).text
    assert "Nobody was found" in (await send(owner, here, f"{here}/member", who="13900139000")).text
    await send(owner, here, f"{here}/member", who="13800138000")
    assert await fetchval("SELECT member FROM purchase") == ana


async def test_a_purchase_shows_how_it_was_paid_and_whose_sale_it_was(owner, ana: UUID):  # noqa: F811
    with system_actor():
        await insert_staff("ben", "Ben Shears", "", None)
        lines = [NewLine(sku="A", amount=80_00, staff=[Share("ben", Decimal(1))])]
        new = replace(sale(ana, 80_00), lines=lines, payments=[NewPayment("wechat", 80_00)])
        sold = await service.record_purchase(new)
    page = (await owner.get(f"/purchases/{sold.id}")).text
    assert all(text in page for text in ("WeChat Pay", "Ben Shears"))


async def test_the_report_says_whose_sales_they_were(owner, store: UUID):  # noqa: F811
    with system_actor():
        await insert_staff("ben", "Ben Shears", "", None)
        await service.record_purchase(replace(sale(None, 80_00), staff="ben"))
    page = (await owner.get(f"/reports/staff?since={NOW.date()}&until={NOW.date()}")).text
    assert all(text in page for text in ("Ben Shears", "¥80.00"))


async def test_the_members_page_shows_what_was_bought_of_late(owner, ana: UUID):  # noqa: F811
    with system_actor():
        await sell(ana, 80_00, "R1")
        await sell(ana, 40_00, "R2")
    page = (await owner.get(f"/members/{ana}")).text
    assert all(text in page for text in ("On average", "¥60.00", "30 days", "¥120.00", "Claim a receipt"))


async def test_ways_to_pay_are_chosen_named_and_ordered(owner):  # noqa: F811
    given = {"method": ["cash", "card"], "offered": ["cash", "card"], "place.cash": "2", "place.card": "1"}
    more = {"new": "meal_card", "new_en": "Meal card", "new_zh_hans": "饭卡"}
    await send(owner, "/settings/sales", "/settings/sales/methods", **given, **more)
    assert own_methods() == ["card", "cash", "meal_card"]
    answer = await send(owner, "/settings/sales", "/settings/sales/methods", method="cash")
    assert "offer at least one way to pay" in answer.text


async def test_for_how_long_a_receipt_can_be_claimed_is_set(owner):  # noqa: F811
    await send(owner, "/settings/sales", "/settings/sales/claims", claim_days="14")
    assert service.claim_days() == 14
    answer = await send(owner, "/settings/sales", "/settings/sales/claims", claim_days="often")
    assert "give a number of days from 0 to 3650" in answer.text
