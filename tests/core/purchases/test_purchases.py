"""Purchases as tills report them: once, in one transaction, with points, visit and statistics."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale, sell, stats_of

from tessera.access import service as access
from tessera.access.actor import acting_as
from tessera.access.service import add_store
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import DomainError, Invalid
from tessera.kernel.plugins import PluginHost
from tessera.members.service import Changes, MemberUnknown, change_member
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewLine, NewPayment, recording


async def test_a_purchase_earns_points_and_is_a_visit(ana: UUID) -> None:
    done = await sell(ana, 12_50)
    assert (done.member, done.amount, done.points.earned, done.points.available) == (ana, 12_50, 12, 12)
    assert await stats_of(ana) == (1, 12_50, 1)
    kinds = [row["kind"] for row in await fetch("SELECT kind FROM event WHERE member = $1 ORDER BY kind", ana)]
    assert kinds == ["member.created", "points.earned", "purchase.recorded", "visit.recorded"]


async def test_lines_and_payments_are_kept_as_they_were_given(ana: UUID) -> None:
    lines = [
        NewLine(sku="A1", name="Tea", category="drinks", quantity=Decimal("1.5"), unit_price=Decimal("3.50")),
        NewLine(sku="B2", amount=100),
    ]
    done = await service.record_purchase(
        replace(sale(ana, 625), lines=lines, payments=[NewPayment("cash", 600), NewPayment("card", 25)])
    )
    stored = await fetch("SELECT id, sku, quantity, unit_price, amount FROM purchase_line ORDER BY place")
    assert [row["id"] for row in stored] == list(done.lines)
    assert [(r["sku"], r["quantity"], r["unit_price"], r["amount"]) for r in stored] == [
        ("A1", Decimal("1.5"), Decimal("3.50"), 525),
        ("B2", Decimal(1), None, 100),
    ]
    assert await fetchval("SELECT sum(amount)::int FROM payment") == 625


async def test_a_line_is_rounded_half_up_to_the_minor_unit(ana: UUID) -> None:
    line = NewLine(quantity=Decimal("0.5"), unit_price=Decimal("0.03"))
    await service.record_purchase(replace(sale(ana, 2), lines=[line]))
    assert await fetchval("SELECT amount FROM purchase_line") == 2


async def test_the_same_number_with_the_same_contents_is_the_same_purchase(ana: UUID) -> None:
    new = replace(sale(ana, 50_00), at=datetime(2026, 11, 1, 4, tzinfo=UTC), lines=[NewLine(sku="A", amount=50_00)])
    first, again = await service.record_purchase(new), await service.record_purchase(new)
    assert (again.id, again.lines, again.points.earned, again.again) == (first.id, first.lines, 50, True)
    assert await stats_of(ana) == (1, 50_00, 1)


async def test_numbers_written_otherwise_are_the_same_contents(ana: UUID) -> None:
    line = NewLine(quantity=Decimal("1.50"), unit_price=Decimal("2"), amount=300)
    first = await service.record_purchase(replace(sale(ana, 300), lines=[line]))
    same = NewLine(quantity=Decimal("1.5"), unit_price=Decimal("2.00"), amount=300)
    assert (await service.record_purchase(replace(sale(ana, 300), lines=[same]))).id == first.id


async def test_the_same_number_with_other_contents_is_refused_and_changes_nothing(ana: UUID) -> None:
    await sell(ana, 50_00, "R1")
    with pytest.raises(service.PurchaseConflict, match='purchase "R1" of till is recorded with other contents'):
        await sell(ana, 51_00, "R1")
    assert await stats_of(ana) == (1, 50_00, 1)


async def test_of_16_parallel_reports_of_one_sale_one_is_recorded(ana: UUID) -> None:
    done = await asyncio.gather(*[sell(ana, 30_00, "R1") for _ in range(16)])
    assert len({one.id for one in done}) == 1
    assert sorted(one.again for one in done) == [False] + [True] * 15
    assert await stats_of(ana) == (1, 30_00, 1)
    assert await fetchval("SELECT count(*) FROM entry") == 1


async def test_parallel_reports_with_other_contents_leave_one_and_refuse_the_rest(ana: UUID) -> None:
    done = await asyncio.gather(*[sell(ana, 100 + n, "R1") for n in range(8)], return_exceptions=True)
    assert [type(one).__name__ for one in done].count("PurchaseConflict") == 7
    assert await fetchval("SELECT count(*) FROM purchase") == 1


async def test_parallel_sales_to_one_member_all_count(ana: UUID) -> None:
    await asyncio.gather(*[sell(ana, 10_00, f"R{n}") for n in range(12)])
    assert await stats_of(ana) == (12, 120_00, 1)
    assert await points.available(await accounts(ana)) == 120
    assert await points.verify() == []
    assert await service.differing() == []


async def accounts(member: UUID) -> list[UUID]:
    return [row["id"] for row in await fetch("SELECT id FROM account WHERE member = $1", member)]


async def test_a_visit_is_one_a_day_of_the_stores_zone_and_store(ana: UUID) -> None:
    await add_store("berlin", "Berlin", timezone="Europe/Berlin", currency="EUR")
    evening = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)
    after_midnight_in_shanghai = datetime(2026, 11, 1, 16, 30, tzinfo=UTC)
    for number, (at, store) in enumerate(
        [(evening, "main"), (after_midnight_in_shanghai, "main"), (evening, "berlin"), (evening, "main")]
    ):
        await service.record_purchase(replace(sale(ana, 100, f"R{number}"), at=at, store=store))
    days = await fetch("SELECT s.code, v.day::text AS day FROM visit v JOIN store s ON s.id = v.store ORDER BY 1, 2")
    assert [(row["code"], row["day"]) for row in days] == [
        ("berlin", "2026-11-01"),
        ("main", "2026-11-01"),
        ("main", "2026-11-02"),
    ]
    assert await service.differing() == []


async def test_a_purchase_links_its_member_to_the_store(ana: UUID) -> None:
    second = await add_store("second", "Second")
    await service.record_purchase(replace(sale(ana, 100), store="second"))
    assert await fetchval("SELECT count(*) FROM member_store WHERE member = $1 AND store = $2", ana, second.id) == 1


async def test_without_a_member_nothing_is_earned_and_nobody_visited(store: UUID) -> None:
    done = await service.record_purchase(sale(None, 100_00))
    assert (done.member, done.points.earned, done.points.available) == (None, 0, None)
    assert await fetchval("SELECT count(*) FROM visit") == 0


async def test_a_member_is_found_by_an_identity(ana: UUID) -> None:
    done = await service.record_purchase(replace(sale(None, 5_00), buyer=Buyer(identity="phone:138 0013 8000")))
    assert done.member == ana


async def test_a_sale_that_is_refused_tells_whose_a_phone_is_at_the_price_of_a_lookup(ana: UUID, store: UUID) -> None:
    key = await access.recognise(await access.add_key("till", ["purchases.write", "members.write"], store=store))
    assert key is not None
    more = replace(sale(None, 50_00), redeem={"points": 4000})
    with acting_as(key):
        with pytest.raises(DomainError):
            await service.record_purchase(replace(more, buyer=Buyer(identity="phone:13800138000")))
        for n, unknown_member in enumerate(("keep", "create", "refuse")):
            nobody = replace(more, buyer=Buyer(identity=f"phone:139001390{n}0"), unknown_member=unknown_member)
            with pytest.raises(DomainError):
                await service.record_purchase(nobody)
    assert await fetchval("SELECT misses FROM lookup_pace") == 3
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.looked_up' AND member = $1", ana) == 1
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_an_unknown_member_is_kept_out_created_or_refused(store: UUID) -> None:
    stranger = replace(sale(None, 5_00), buyer=Buyer(identity="phone:13900139000"))
    assert (await service.record_purchase(replace(stranger, external_id="1"))).member is None
    with pytest.raises(MemberUnknown):
        await service.record_purchase(replace(stranger, external_id="2", unknown_member="refuse"))
    made = await service.record_purchase(replace(stranger, external_id="3", unknown_member="create"))
    assert made.points.earned == 5
    assert await fetchval("SELECT count(*) FROM purchase") == 2


async def phone_changes_hands(ana: UUID) -> None:
    await change_member(ana, 1, Changes(phone="13700137000"))


async def test_a_sale_that_is_sent_again_after_the_phone_changed_hands_makes_nobody_a_member(ana: UUID) -> None:
    new = replace(sale(None, 5_00), buyer=Buyer(identity="phone:13800138000"), unknown_member="create")
    first = await service.record_purchase(new)
    await phone_changes_hands(ana)
    again = await service.record_purchase(new)
    assert (again.id, again.member, again.again) == (first.id, ana, True)
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_whoever_was_made_a_member_for_a_sale_that_another_request_recorded_is_taken_back(
    ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replace(sale(None, 5_00), buyer=Buyer(identity="phone:13800138000"), unknown_member="create")
    find, elsewhere = recording.find_buyer, copy_context()

    async def another_request() -> None:
        await service.record_purchase(new)
        await phone_changes_hands(ana)

    async def find_late(*given: Any) -> Any:
        monkeypatch.setattr(recording, "find_buyer", find)
        await asyncio.create_task(another_request(), context=elsewhere)
        return await find(*given)

    monkeypatch.setattr(recording, "find_buyer", find_late)
    done = await service.record_purchase(new)
    assert (done.member, done.again) == (ana, True)
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_parallel_sales_to_a_newcomer_make_one_member(store: UUID) -> None:
    stranger = replace(sale(None, 5_00), buyer=Buyer(identity="phone:13900139000"), unknown_member="create")
    await asyncio.gather(*[service.record_purchase(replace(stranger, external_id=str(n))) for n in range(6)])
    assert await fetchval("SELECT count(*) FROM member") == 1
    assert await fetchval("SELECT count(*) FROM purchase WHERE member IS NOT NULL") == 6


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": -1}, "amount"),
        ({"discount": -1}, "discount"),
        ({"source": " "}, "source"),
        ({"external_id": ""}, "external_id"),
        ({"currency": "XXY"}, "currency"),
        ({"store": "nowhere"}, "store"),
        ({"staff": "nobody"}, "staff"),
        ({"at": datetime(2027, 1, 1, tzinfo=UTC)}, "at"),
        ({"lines": [NewLine(quantity=Decimal(0))]}, "lines.0.quantity"),
        ({"lines": [NewLine(quantity=Decimal("NaN"))]}, "lines.0.quantity"),
        ({"lines": [NewLine(unit_price=Decimal(-1))]}, "lines.0.unit_price"),
        ({"lines": [NewLine(amount=-5)]}, "lines.0.amount"),
    ],
)
async def test_what_cannot_be_a_purchase_names_its_field(ana: UUID, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await service.record_purchase(replace(sale(ana, 100), **change))
    assert [error.field for error in refused.value.errors] == [field]
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_a_plugin_that_refuses_takes_everything_back(
    ana: UUID, plugin_host: PluginHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CouponUsed(DomainError):
        code = "coupon_used"

    async def refuse(hook: str, store: UUID | None = None, **facts: Any) -> list[Any]:
        raise CouponUsed(f"{hook} of {facts['purchase'].amount} refused")

    monkeypatch.setattr(plugin_host, "participate", refuse)
    with pytest.raises(CouponUsed, match="settle_purchase of 100 refused"):
        await sell(ana, 1_00)
    monkeypatch.undo()
    assert await fetchval("SELECT count(*) FROM purchase") + await fetchval("SELECT count(*) FROM entry") == 0
    assert await stats_of(ana) is None


async def test_other_currencies_than_the_businesss_are_counted_but_not_summed(ana: UUID) -> None:
    await sell(ana, 10_00)
    await service.record_purchase(replace(sale(ana, 99_00, "R2"), currency="EUR"))
    assert await stats_of(ana) == (2, 10_00, 1)
    assert await service.differing() == []


async def test_statistics_can_be_rebuilt_from_the_facts(ana: UUID) -> None:
    done = await sell(ana, 10_00)
    await sell(ana, 20_00, "R2")
    await bring_back(done.id, amount=4_00)
    kept = await stats_of(ana)
    await service.rebuild([ana])
    assert await stats_of(ana) == kept == (2, 26_00, 1)
