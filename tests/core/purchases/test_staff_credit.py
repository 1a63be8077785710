"""Whose sale it was: shares of lines that add up, and a report whose total is that of the purchases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sale
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service as access
from tessera.access.service.staff import insert_staff
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.ids import uuid7
from tessera.purchases import service
from tessera.purchases.service import NewLine, Share, staff_sales

TODAY = NOW.date()


@pytest.fixture
async def ben(business: None) -> str:
    for login in ("ben", "cai", "dee"):
        await insert_staff(login, login.title(), "", None)
    return "ben"


async def report(first: int = 0, last: int = 0, **where: object) -> dict[str, int]:
    days = TODAY - timedelta(days=first), TODAY - timedelta(days=last)
    return {one.name: one.amount for one in await staff_sales(*days, **where)}  # type: ignore[arg-type]


async def test_shares_of_a_line_add_up_to_its_part_after_the_discount(store: UUID, ben: str) -> None:
    both = [Share("ben", Decimal(2)), Share("cai", Decimal(1))]
    lines = [NewLine(sku="A", amount=70_00, staff=both), NewLine(sku="B", amount=30_00)]
    await service.record_purchase(replace(sale(None, 90_00), lines=lines, discount=10_00, staff="dee"))
    rows = await fetch("SELECT s.login, c.amount FROM line_credit c JOIN staff s ON s.id = c.staff ORDER BY 1")
    assert [tuple(row) for row in rows] == [("ben", 42_00), ("cai", 21_00)]
    assert await report() == {"Ben": 42_00, "Cai": 21_00, "Dee": 27_00}


async def test_a_receipt_without_lines_is_its_sellers(store: UUID, ben: str) -> None:
    await service.record_purchase(replace(sale(None, 90_00), staff="ben"))
    await service.record_purchase(sale(None, 10_00, "R2"))
    assert await report() == {"Ben": 90_00}


async def test_a_return_takes_off_on_the_day_it_comes(store: UUID, ben: str) -> None:
    with clock.frozen(NOW - timedelta(days=9)):
        bought = await service.record_purchase(replace(sale(None, 90_00), staff="ben"))
    await bring_back(bought.id, "B1", amount=30_00)
    assert (await report(9, 9), await report(0, 0), await report(9, 0)) == (
        {"Ben": 90_00},
        {"Ben": -30_00},
        {"Ben": 60_00},
    )


async def test_the_report_is_of_one_store(store: UUID, ben: str) -> None:
    second = await access.add_store("second", "Second")
    await service.record_purchase(replace(sale(None, 90_00), staff="ben"))
    await service.record_purchase(replace(sale(None, 10_00, "R2"), staff="ben", store="second"))
    assert await report(store=second.id) == {"Ben": 10_00}


PEOPLE = st.lists(
    st.tuples(st.sampled_from(["ben", "cai", "dee"]), st.integers(1, 9)), max_size=3, unique_by=lambda one: one[0]
)
SALES = st.lists(
    st.tuples(
        st.sampled_from([None, "ben", "cai"]),
        st.integers(0, 5_000),
        st.lists(st.tuples(st.integers(0, 3_000), PEOPLE), max_size=3),
        st.lists(st.integers(1, 2_000), max_size=3),
    ),
    max_size=4,
)


@given(SALES)
async def test_the_total_is_that_of_the_purchases_with_staff(
    store: UUID, ben: str, sales: list[tuple[str | None, int, list[tuple[int, list[tuple[str, int]]]], list[int]]]
) -> None:
    for seller, amount, lines, backs in sales:
        sold = [
            NewLine(sku="x", amount=price, staff=[Share(login, Decimal(n)) for login, n in people])
            for price, people in lines
        ]
        done = await service.record_purchase(replace(sale(None, amount, uuid7().hex), lines=sold, staff=seller))
        left = amount
        for back in backs:
            if back <= left:
                left -= back
                await bring_back(done.id, uuid7().hex, amount=back)
    assert sum(one.amount for one in await staff_sales(TODAY, TODAY)) == await fetchval(_WITH_STAFF)


_WITH_STAFF = """
SELECT coalesce(sum(CASE WHEN staff IS NOT NULL THEN amount - returned
    ELSE credited - coalesce(floor(returned::numeric * credited / nullif(amount, 0)), 0) END), 0)::bigint
FROM purchase p CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.amount), 0) AS credited FROM line_credit c JOIN purchase_line l ON l.id = c.line
    WHERE l.purchase = p.id) whose
"""
"""What is left of purchases that someone sold, and of the lines that were somebody's in others."""
