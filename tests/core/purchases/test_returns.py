"""Returns: full, in part, of nothing that is known yet; and what they do to points."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from core.purchases.selling import bring_back, sale, sell, stats_of
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service as access
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import LineBack, NewLine, NewPayment, NewReturn, Recorded


async def two_lines(member: UUID, paid: int = 90_00) -> Recorded:
    """Three cups for 60 and a pot for 40, with something off the whole."""
    lines = [
        NewLine(sku="cup", quantity=Decimal(3), unit_price=Decimal(20), amount=60_00),
        NewLine(sku="pot", quantity=Decimal(1), unit_price=Decimal(40), amount=40_00),
    ]
    return await service.record_purchase(replace(sale(member, paid), lines=lines, discount=100_00 - paid))


async def test_a_full_return_takes_back_what_was_earned(ana: UUID) -> None:
    bought = await two_lines(ana)
    done = await bring_back(bought.id)
    assert (done.amount, done.points.taken_back, done.points.available, done.points.debt) == (90_00, 90, 0, 0)
    assert await stats_of(ana) == (1, 0, 1)
    assert await fetchval("SELECT bool_and(returned = quantity) FROM purchase_line")


async def test_a_line_is_worth_its_part_of_what_was_paid(ana: UUID) -> None:
    bought = await two_lines(ana)
    done = await bring_back(bought.id, lines=[LineBack(bought.lines[0], Decimal(1))])
    assert (done.amount, done.points.taken_back) == (18_00, 18)
    assert await fetchval("SELECT returned FROM purchase_line WHERE sku = 'cup'") == 1


async def test_line_by_line_the_parts_add_up_to_the_whole(ana: UUID) -> None:
    bought = await two_lines(ana, paid=77_77)
    cup, pot = bought.lines
    amounts = [
        (await bring_back(bought.id, f"B{n}", lines=[LineBack(line, Decimal(1))])).amount
        for n, line in enumerate([cup, pot, cup, cup])
    ]
    assert sum(amounts) == 77_77
    assert await points.available([await account_of(ana)]) == 0


async def test_more_than_was_bought_is_refused(ana: UUID) -> None:
    bought = await two_lines(ana)
    with pytest.raises(service.OverReturned, match="more would come back than was bought: 3 is left"):
        await bring_back(bought.id, lines=[LineBack(bought.lines[0], Decimal(4))])
    with pytest.raises(service.OverReturned, match="9000 is left"):
        await bring_back(bought.id, amount=90_01)
    await bring_back(bought.id, amount=50_00)
    with pytest.raises(service.OverReturned, match="4000 is left"):
        await bring_back(bought.id, "B2", amount=50_00)
    assert await fetchval("SELECT returned FROM purchase") == 50_00


async def test_what_has_come_back_whole_does_not_come_back_again_under_another_number(ana: UUID) -> None:
    bought = await two_lines(ana)
    await bring_back(bought.id)
    with pytest.raises(service.OverReturned, match="0 is left"):
        await bring_back(bought.id, "B2")
    assert await fetchval("SELECT count(*) FROM purchase_return") == 1


async def test_of_parallel_returns_no_more_comes_back_than_was_bought(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    done = await asyncio.gather(
        *[bring_back(bought.id, f"B{n}", amount=30_00) for n in range(8)], return_exceptions=True
    )
    assert [type(one).__name__ for one in done].count("OverReturned") == 5
    assert await fetchval("SELECT returned FROM purchase") == 90_00
    assert await points.verify() == []


async def test_what_was_spent_is_owed(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    await points.debit(await account_of(ana), ana, 60, reason="towel")
    done = await bring_back(bought.id)
    assert (done.points.taken_back, done.points.available, done.points.debt) == (100, -60, 60)


async def test_the_same_return_again_is_the_same_answer(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    first, again = await bring_back(bought.id, amount=40_00), await bring_back(bought.id, amount=40_00)
    assert (again.id, again.points.taken_back, again.again) == (first.id, 40, True)
    with pytest.raises(service.ReturnConflict, match='return "B1" of till'):
        await bring_back(bought.id, amount=41_00)
    whole = await bring_back(bought.id, "B2")
    assert (await bring_back(bought.id, "B2")).id == whole.id


async def test_of_16_parallel_reports_of_one_return_one_counts(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    done = await asyncio.gather(*[bring_back(bought.id, amount=10_00) for _ in range(16)])
    assert len({one.id for one in done}) == 1
    assert await fetchval("SELECT returned FROM purchase") == 10_00


def orphan(number: str, amount: int, of: str | None = None) -> NewReturn:
    """A return whose purchase is not known."""
    return NewReturn(source="till", external_id=number, purchase_external_id=of, store="main", amount=amount)


async def test_a_return_of_nothing_known_is_kept_as_an_orphan(store: UUID) -> None:
    done = await service.record_return(orphan("B1", 5_00))
    assert (done.purchase, done.amount, done.points.available) == (None, 5_00, None)


async def test_an_orphan_is_linked_when_its_purchase_arrives(ana: UUID) -> None:
    await service.record_return(orphan("B1", 25_00, of="R1"))
    bought = await sell(ana, 100_00)
    assert bought.points.available == 75
    assert await fetchval("SELECT purchase FROM purchase_return") == bought.id
    assert await stats_of(ana) == (1, 75_00, 1)
    assert await service.differing() == []
    assert await points.verify() == []


async def test_an_orphan_of_another_circle_takes_nothing_back(ana: UUID) -> None:
    await access.add_store("cl", name="Clinic", circle="clinic")
    await service.record_return(replace(orphan("B1", 25_00, of="R1"), store="cl"))
    bought = await sell(ana, 100_00)
    await service.adopt_all()
    assert bought.points.available == 100
    assert await fetchval("SELECT purchase FROM purchase_return") is None


async def test_an_orphan_that_is_larger_than_its_purchase_stays_one(ana: UUID) -> None:
    await service.record_return(orphan("B1", 100_01, of="R1"))
    bought = await sell(ana, 100_00)
    assert bought.points.available == 100
    assert await fetchval("SELECT purchase FROM purchase_return") is None


async def test_an_orphan_in_another_currency_than_its_purchase_stays_one(ana: UUID) -> None:
    await service.record_return(replace(orphan("B1", 25_00, of="R1"), currency="USD"))
    bought = await sell(ana, 100_00)
    await service.adopt_all()
    assert bought.points.available == 100
    assert await fetchval("SELECT purchase FROM purchase_return") is None
    assert await fetchval("SELECT returned FROM purchase") == 0


async def test_a_known_purchase_comes_back_in_its_own_currency_only(ana: UUID) -> None:
    bought = await service.record_purchase(replace(sale(ana, 100_00), currency="USD"))
    with pytest.raises(Invalid, match="the purchase was in USD: it comes back in the same"):
        await bring_back(bought.id, amount=25_00, currency="CNY")
    await bring_back(bought.id, amount=25_00)
    await bring_back(bought.id, "B2", amount=25_00, currency="usd")
    assert await fetchval("SELECT returned FROM purchase") == 50_00


async def test_an_orphan_that_many_link_at_once_comes_back_once(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    await service.record_return(orphan("B1", 30_00, of="R9"))
    await execute("UPDATE purchase_return SET purchase_external_id = 'R1'")
    await asyncio.gather(*[service.adopt_all() for _worker in range(8)])
    assert await fetchval("SELECT returned FROM purchase WHERE id = $1", bought.id) == 30_00
    assert await stats_of(ana) == (1, 70_00, 1)


async def test_a_return_by_the_purchases_number_finds_it(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    assert (await service.record_return(orphan("B1", 1_00, of="R1"))).purchase == bought.id


async def test_an_orphan_that_cannot_be_linked_holds_up_no_other(ana: UUID) -> None:
    first = await service.record_purchase(replace(sale(ana, 50_00, "R1"), payments=[NewPayment("cash", 50_00)]))
    second = await service.record_purchase(replace(sale(ana, 50_00, "R2"), payments=[NewPayment("cash", 50_00)]))
    await execute("UPDATE payment SET method = 'gone.card' WHERE purchase = $1", first.id)
    for number in ("1", "2"):
        await service.record_return(orphan(f"B{number}", 30_00, of=f"X{number}"))
        await execute(
            "UPDATE purchase_return SET purchase_external_id = $2 WHERE external_id = $1", f"B{number}", f"R{number}"
        )
    await service.adopt_all()
    linked = await fetch("SELECT external_id, purchase FROM purchase_return ORDER BY external_id")
    assert [tuple(row) for row in linked] == [("B1", None), ("B2", second.id)]
    assert await fetchval("SELECT returned FROM purchase WHERE id = $1", first.id) == 0


async def test_an_orphan_that_missed_its_purchase_is_linked_by_the_next_look(ana: UUID) -> None:
    bought = await sell(ana, 100_00)
    await service.record_return(orphan("B1", 30_00, of="R9"))
    await execute("UPDATE purchase_return SET purchase_external_id = 'R1'")
    await service.adopt_all()
    assert await fetchval("SELECT purchase FROM purchase_return") == bought.id
    assert await stats_of(ana) == (1, 70_00, 1)


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({}, "amount"),
        ({"amount": -1}, "amount"),
        ({"purchase_external_id": "R9"}, "amount"),
        ({"purchase_external_id": "R9", "lines": [LineBack(uuid7(), Decimal(1))]}, "amount"),
        ({"amount": 1, "lines": [LineBack(uuid7(), Decimal(1))]}, "amount"),
        ({"purchase_external_id": "R1", "lines": [LineBack(uuid7(), Decimal(1))]}, "lines.0.line"),
        ({"purchase_external_id": "R1", "lines": [LineBack(uuid7(), Decimal(0))]}, "lines.0.quantity"),
    ],
)
async def test_what_cannot_be_a_return_names_its_field(ana: UUID, what: dict[str, Any], field: str) -> None:
    await two_lines(ana)
    with pytest.raises(Invalid) as refused:
        await service.record_return(NewReturn(source="till", external_id="B1", store="main", **what))
    assert [error.field for error in refused.value.errors] == [field]


async def test_an_unknown_purchase_is_refused(store: UUID) -> None:
    with pytest.raises(service.PurchaseUnknown):
        await bring_back(uuid7())


async def test_a_free_purchase_can_come_back(ana: UUID) -> None:
    bought = await sell(ana, 0)
    assert (await bring_back(bought.id)).amount == 0


QUANTITIES = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(quantities=QUANTITIES, prices=st.lists(st.integers(0, 999), min_size=4, max_size=4), data=st.data())
async def test_in_whatever_parts_it_comes_back_all_of_it_comes_back(
    store: UUID, quantities: list[int], prices: list[int], data: st.DataObject
) -> None:
    member, number = await create_member(NewMember(name="Ben", store=store)), uuid7().hex
    lines = [NewLine(quantity=Decimal(q), amount=q * p) for q, p in zip(quantities, prices, strict=False)]
    total = sum(line.amount or 0 for line in lines)
    paid = data.draw(st.integers(0, total))
    bought = await service.record_purchase(replace(sale(member, paid, number), lines=lines))
    pieces = [line for line, q in zip(bought.lines, quantities, strict=True) for _ in range(q)]
    backs = [
        await bring_back(bought.id, f"{number}-{n}", lines=[LineBack(line, Decimal(1))])
        for n, line in enumerate(data.draw(st.permutations(pieces)))
    ]
    assert sum(back.amount for back in backs) == paid
    assert all(back.amount >= 0 for back in backs)
    assert sum(back.points.taken_back for back in backs) == bought.points.earned
    assert await points.available([await account_of(member)]) == 0


async def test_a_return_is_an_event_of_its_member(ana: UUID) -> None:
    bought = await sell(ana, 10_00)
    await bring_back(bought.id)
    rows = await fetch("SELECT payload FROM event WHERE kind = 'purchase.returned' AND member = $1", ana)
    assert [row["payload"]["purchase"] for row in rows] == [str(bought.id)]
