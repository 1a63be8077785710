"""A sale without a member is claimed later: by its code or its id, once, as if it had been theirs at once."""

from __future__ import annotations

import asyncio
import types
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from core.purchases.conftest import NOW
from core.purchases.selling import bring_back, sale, sell, stats_of
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import service as access
from tessera.access.actor import acting_as
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import TooMany
from tessera.kernel.events import history
from tessera.kernel.ids import uuid7
from tessera.members.service import MemberUnknown, NewMember, account_of, create_member
from tessera.points import service as points
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewPayment, participating
from tessera.purchases.service.codes import ALPHABET, code_of, new_code, shown_code
from tessera_hooks import Settling


async def test_a_claimed_sale_is_as_if_it_had_been_the_members_at_once(
    ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Settling] = []

    async def note(settling: Settling, earned: int) -> None:
        seen.append(settling)

    monkeypatch.setattr(participating, "_settled", [note])
    with clock.frozen(NOW - timedelta(days=3)):
        sold = await sell(None, 80_00)
    done = await service.claim_by_code(shown_code(sold.claim_code or ""), Buyer(id=ana))
    assert (done.member, done.points.earned, done.points.available) == (ana, 80, 80)
    assert await stats_of(ana) == (1, 80_00, 1)
    assert (seen[0].member, seen[0].at, seen[0].amount) == (ana, NOW - timedelta(days=3), 80_00)
    assert await fetchval("SELECT day FROM visit") == (NOW - timedelta(days=3)).date()
    assert await fetchval("SELECT at FROM entry") == NOW - timedelta(days=3)
    assert await service.differing() == []


async def test_of_eight_who_claim_one_receipt_one_gets_it(store: UUID) -> None:
    people = [await create_member(NewMember(name=f"M{n}", phone=f"1390013900{n}", store=store)) for n in range(8)]
    code = (await sell(None, 80_00)).claim_code or ""
    done = await asyncio.gather(
        *[service.claim_by_code(code, Buyer(id=member)) for member in people], return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Claimed"] + ["PurchaseHasMember"] * 7
    assert await fetchval("SELECT sum(amount) FROM entry") == 80
    assert await service.differing() == []


async def test_a_sale_with_a_member_has_no_code_and_cannot_be_claimed(ana: UUID) -> None:
    sold = await sell(ana, 80_00)
    assert sold.claim_code is None
    with pytest.raises(service.PurchaseHasMember, match="this purchase has a member already"):
        await service.claim_purchase(sold.id, Buyer(id=ana))


async def test_after_its_days_a_sale_cannot_be_claimed(ana: UUID) -> None:
    await set_setting("purchases.claim_days", 7)
    sold = await sell(None, 80_00)
    with clock.frozen(NOW + timedelta(days=7)):
        await service.claim_purchase(sold.id, Buyer(id=ana))
    late = await sell(None, 80_00, "R2")
    with (
        clock.frozen(NOW + timedelta(days=7, seconds=1)),
        pytest.raises(service.ClaimTooLate, match="a purchase can be claimed for 7 days"),
    ):
        await service.claim_purchase(late.id, Buyer(id=ana))


async def test_of_a_sale_that_came_back_in_part_only_what_is_left_earns(ana: UUID) -> None:
    sold = await sell(None, 80_00)
    await bring_back(sold.id, "B1", amount=30_00)
    done = await service.claim_purchase(sold.id, Buyer(id=ana))
    assert (done.points.earned, done.points.available) == (50, 50)
    assert await stats_of(ana) == (1, 50_00, 1)
    await bring_back(sold.id, "B2")
    assert await points.available([await account_of(ana)]) == 0
    assert (await service.differing(), await points.verify()) == ([], [])


@given(amount=st.integers(1, 9_999), parts=st.lists(st.integers(1, 3_000), max_size=3), when=st.integers(0, 3))
async def test_whenever_it_is_claimed_returns_leave_the_same(
    store: UUID, amount: int, parts: list[int], when: int
) -> None:
    member = await create_member(NewMember(name="Any", store=store))
    sold = await service.record_purchase(sale(None, amount, uuid7().hex))
    left = amount
    for n, part in enumerate([*parts, 0, 0, 0][:3]):
        if n == min(when, 3):
            await service.claim_purchase(sold.id, Buyer(id=member))
        if 0 < part <= left:
            left -= part
            await bring_back(sold.id, uuid7().hex, amount=part)
    if when >= 3:
        await service.claim_purchase(sold.id, Buyer(id=member))
    earned = amount // 100
    assert await points.available([await account_of(member)]) == earned - earned * (amount - left) // amount
    assert await service.differing() == []


async def test_history_is_given_to_a_member_and_earns_nothing(ana: UUID) -> None:
    with history():
        sold = await sell(None, 80_00)
    assert sold.claim_code is None
    done = await service.claim_purchase(sold.id, Buyer(id=ana))
    assert (done.points.earned, await stats_of(ana)) == (0, (1, 80_00, 1))


async def by_card(number: str, amount: int, by_purse: int) -> service.Recorded:
    """A sale without a member, of which a card pays a part that earned when it was filled."""
    payments = [NewPayment("dummy.purse", by_purse), NewPayment("cash", amount - by_purse)]
    return await service.record_purchase(replace(sale(None, amount, number), payments=payments))


async def test_what_earned_before_earns_nothing_when_the_sale_is_claimed(ana: UUID, dummy: types.ModuleType) -> None:
    await dummy.fill_purse(None, 50_00)
    first, second = await by_card("R1", 80_00, 30_00), await by_card("R2", 40_00, 20_00)
    assert (await service.claim_purchase(first.id, Buyer(id=ana))).points.earned == 50
    await bring_back(second.id, "B1", amount=10_00)
    assert (await service.claim_by_code(second.claim_code or "", Buyer(id=ana))).points.earned == 15
    assert await fetchval("SELECT array_agg(not_earning ORDER BY external_id) FROM purchase") == [30_00, 20_00]


async def test_nobody_claims_for_a_member_that_is_not_there(store: UUID) -> None:
    sold = await sell(None, 80_00)
    with pytest.raises(MemberUnknown):
        await service.claim_purchase(sold.id, Buyer(identity="phone:13900139000"))
    assert await fetchval("SELECT member FROM purchase") is None


async def test_a_till_of_another_circle_claims_nothing(ana: UUID, store: UUID) -> None:
    clinic = await access.add_store("clinic", "Clinic", circle="clinic")
    sold = await sell(None, 80_00)
    key = await access.recognise(await access.add_key("till", ["purchases.write"], store=clinic.id))
    assert key is not None
    with acting_as(key), pytest.raises(service.PurchaseUnknown):
        await service.claim_by_code(sold.claim_code or "", Buyer(identity="phone:13800138000"))


async def test_guessing_codes_is_slowed_down(ana: UUID, store: UUID) -> None:
    await set_setting("lookups.misses_per_hour", 3)
    key = await access.recognise(await access.add_key("till", ["purchases.write"], store=store))
    assert key is not None
    with acting_as(key):
        for _n in range(3):
            with pytest.raises(service.PurchaseUnknown, match="There is no receipt with this code"):
                await service.claim_by_code(new_code(), Buyer(id=ana))
        with pytest.raises(TooMany):
            await service.claim_by_code(new_code(), Buyer(id=ana))


async def test_a_claim_that_is_refused_tells_of_nobody_for_nothing(ana: UUID, store: UUID) -> None:
    sold = await sell(ana, 80_00)
    key = await access.recognise(await access.add_key("till", ["purchases.write"], store=store))
    assert key is not None
    with acting_as(key):
        with pytest.raises(service.PurchaseHasMember):
            await service.claim_purchase(sold.id, Buyer(identity="phone:13800138000"))
        with pytest.raises(MemberUnknown):
            await service.claim_purchase(sold.id, Buyer(identity="phone:13900139000"))
    assert tuple((await fetch("SELECT misses, hits FROM lookup_pace"))[0]) == (1, 1)
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'members.looked_up' AND member = $1", ana) == 1


async def test_a_claim_is_noted_and_told(ana: UUID) -> None:
    sold = await sell(None, 80_00)
    await service.claim_purchase(sold.id, Buyer(id=ana))
    assert await fetchval("SELECT count(*) FROM audit WHERE action = 'purchases.claimed' AND member = $1", ana) == 1
    rows = await fetch("SELECT payload FROM event WHERE kind = 'purchase.claimed' AND member = $1", ana)
    assert [row["payload"]["purchase"] for row in rows] == [str(sold.id)]


def test_a_code_has_nothing_that_is_misread() -> None:
    assert not set("01OILU") & set(ALPHABET)
    codes = {new_code() for _n in range(200)}
    assert len(codes) == 200
    assert all(code_of(shown_code(code).lower()) == code for code in codes)


@pytest.mark.parametrize("typed", ["", "123", "0000000000", "ABCDEFGHJKM", "ABCDE'GHJK"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert code_of(typed) is None
