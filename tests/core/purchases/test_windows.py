"""What was bought of late: exact from the purchases of the window, less what has come back of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sale
from hypothesis import given
from hypothesis import strategies as st

from tessera.conditions.evaluate import facts_of_member
from tessera.kernel.ids import uuid7
from tessera.members.service import NewMember, create_member
from tessera.purchases import service
from tessera.purchases.facts import WINDOWS

BOUGHT = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 400), st.sampled_from([28, 29, 30, 89, 90, 364, 365])),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
        st.sampled_from(["CNY", "CNY", "EUR"]),
    ),
    max_size=5,
)
NAMES = [f"purchases.{what}_{days}_days" for days in WINDOWS for what in ("count", "sum")]


@given(BOUGHT)
async def test_windows_and_facts_are_what_a_recount_says(store: UUID, bought: list[tuple[int, int, int, str]]) -> None:
    member = await create_member(NewMember(name="Any", store=store))
    for days, amount, back, currency in bought:
        at = NOW - timedelta(days=days)
        done = await service.record_purchase(replace(sale(member, amount, uuid7().hex), at=at, currency=currency))
        if back <= amount:
            await bring_back(done.id, uuid7().hex, amount=back)
    wanted = {
        days: (
            len([one for one in bought if one[0] < days]),
            sum(a - (b if b <= a else 0) for d, a, b, currency in bought if d < days and currency == "CNY"),
        )
        for days in WINDOWS
    }
    assert {one.days: (one.purchases, one.spent) for one in await service.windows(member)} == wanted
    facts = await facts_of_member(member, NAMES)
    assert [facts[name] for name in NAMES] == [number for days in WINDOWS for number in wanted[days]]
    assert await service.differing() == []
