"""What the wallet owes in the report of the business: sessions by the price they were sold for."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from plugins.wallet.ahead import sold

from tessera.kernel.business import business
from tessera.members.service import NewMember, create_member
from tessera.points.service.liability import UnitTotal, liability
from tessera_wallet.packs.using import use


@pytest.fixture
async def ana(store: UUID, system: object) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def owed() -> UnitTotal:
    month: date = business().today().replace(day=1)
    return next(one for one in await liability(month) if one.unit.startswith("wallet.sessions"))


async def test_sessions_left_are_worth_their_part_of_the_price(ana):
    await sold(ana, bought=10, gifted=2)
    await use(ana, kind="visit")
    total = await owed()
    assert (total.total.closing, total.value) == (11, 916_67)
