"""Packs: sold, used by the member or the household, given back, extended, expired."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.wallet.ahead import product, set_wallet, sold, taken_in_cash

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import fetchval
from tessera.kernel.errors import Invalid
from tessera.members.service import NewMember, create_member, link
from tessera.points import service as points
from tessera_wallet.packs.products import NewProduct, keep_product
from tessera_wallet.packs.reading import PackUnknown, one_pack, uses_of
from tessera_wallet.packs.returning import NotReturnable, extend, preview_return, take_back
from tessera_wallet.packs.using import AlreadyUndone, NoSessionLeft, PackGivenBack, undo, use
from tessera_wallet.packs.validity import ends, unused_bought, worth

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with clock.frozen(NOW), system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


@pytest.fixture
async def ben(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ben", phone="13800138001", store=store))


async def left(pack: UUID) -> int:
    return (await one_pack(pack)).left


async def test_a_pack_holds_what_was_bought_and_what_was_given_on_top(ana: UUID) -> None:
    pack = await sold(ana)
    assert (await left(pack.id), await taken_in_cash()) == (12, 1000_00)


async def test_the_last_session_goes_to_one_of_several_desks(ana: UUID) -> None:
    pack = await sold(ana, bought=3, gifted=0)
    done = await asyncio.gather(*(use(ana, kind="visit") for _ in range(6)), return_exceptions=True)
    assert [type(one).__name__ for one in done].count("NoSessionLeft") == 3
    assert await left(pack.id) == 0


async def test_of_several_packs_the_one_that_ends_first_is_used_first(ana: UUID) -> None:
    for_ever = await sold(ana, bought=2, gifted=0)
    short = await sold(ana, bought=2, gifted=0, validity="days", validity_n=10)
    longer = await sold(ana, bought=2, gifted=0, validity="days", validity_n=20)
    done = await use(ana, kind="visit", units=5)
    assert done.packs == ((short.id, 2), (longer.id, 2), (for_ever.id, 1))


async def test_someone_of_the_household_uses_a_pack_that_is_shared(ana: UUID, ben: UUID) -> None:
    await link(ana, "household", ben)
    pack = await sold(ana, shareable=True)
    await use(ben, kind="visit")
    (used,) = await uses_of(pack.id)
    assert (used.member, used.units, await left(pack.id)) == (ben, 1, 11)


async def test_nobody_uses_a_pack_of_the_household_that_is_not_shared(ana: UUID, ben: UUID) -> None:
    await link(ana, "household", ben)
    await sold(ana)
    with pytest.raises(NoSessionLeft, match="only 0 sessions"):
        await use(ben, kind="visit")


async def test_nobody_outside_the_household_uses_a_pack(ana: UUID, ben: UUID) -> None:
    pack = await sold(ana, shareable=True)
    with pytest.raises(PackUnknown):
        await use(ben, pack=pack.id)


async def test_a_pack_is_used_where_it_holds(ana: UUID) -> None:
    other = await access.add_store("pd", "Pudong")
    await sold(ana, stores=[str(other.id)], store="pd")
    with pytest.raises(NoSessionLeft):
        await use(ana, kind="visit", store="main")
    await use(ana, kind="visit", store="pd")


async def test_using_a_session_is_a_visit(ana: UUID) -> None:
    await sold(ana)
    await use(ana, kind="visit")
    assert await fetchval("SELECT count(*) FROM visit WHERE member = $1", ana) == 1


async def test_undoing_a_use_gives_back_to_the_same_pack_once(ana: UUID) -> None:
    pack = await sold(ana)
    done = await use(ana, kind="visit", units=2)
    await undo(done.id, reason="wrong member")
    with pytest.raises(AlreadyUndone):
        await undo(done.id, reason="again")
    assert await left(pack.id) == 12


async def test_nothing_goes_back_into_a_pack_that_was_paid_out(ana: UUID) -> None:
    pack = await sold(ana)
    done = await use(ana, kind="visit")
    await take_back(pack.id, method="cash", reason="moves away")
    with pytest.raises(PackGivenBack, match="paid out since"):
        await undo(done.id, reason="wrong member")
    assert await left(pack.id) == 0


async def used_and_expired(member: UUID) -> tuple[UUID, UUID]:
    """A pack for ten days of which two sessions were used, and that use."""
    pack = await sold(member, validity="days", validity_n=10)
    return pack.id, (await use(member, kind="visit", units=2)).id


async def test_what_goes_back_into_a_pack_that_has_expired_can_be_used_for_the_days_of_the_setting(ana: UUID) -> None:
    pack, done = await used_and_expired(ana)
    with clock.frozen(NOW + timedelta(days=20)):
        await undo(done, reason="wrong member")
        assert ((await one_pack(pack)).state(), await left(pack)) == ("open", 2)
        await use(ana, kind="visit")
    with clock.frozen(NOW + timedelta(days=52)):
        assert ((await one_pack(pack)).state(), await left(pack)) == ("expired", 0)


async def test_what_goes_back_into_an_expired_pack_is_forgone_where_the_business_says_so(ana: UUID) -> None:
    await set_setting("points.restore_expired_days", 0)
    pack, done = await used_and_expired(ana)
    with clock.frozen(NOW + timedelta(days=20)):
        await undo(done, reason="wrong member")
        assert ((await one_pack(pack)).state(), await left(pack)) == ("expired", 0)


async def test_extending_a_pack_gives_back_what_expired_beside_what_was_restored(ana: UUID) -> None:
    pack, done = await used_and_expired(ana)
    later = NOW + timedelta(days=20)
    with clock.frozen(later):
        await undo(done, reason="wrong member")
        await extend(pack, later.date() + timedelta(days=60), reason="was ill")
        assert await left(pack) == 12


async def test_validity_begins_with_the_first_use(ana: UUID) -> None:
    pack = await sold(ana, validity="days", validity_n=30, validity_from="first_use")
    assert pack.expires_at is None
    with clock.frozen(NOW + timedelta(days=200)):
        await use(ana, kind="visit")
        begun = await one_pack(pack.id)
    assert (begun.left, begun.expires_at) == (11, ends("days", 30, NOW + timedelta(days=200), SHANGHAI))
    with clock.frozen(NOW + timedelta(days=231)):
        assert ((await one_pack(pack.id)).state(), await left(pack.id)) == ("expired", 0)


async def test_an_expired_pack_is_extended_whether_its_expiry_was_booked_or_not(ana: UUID) -> None:
    pack = await sold(ana, validity="days", validity_n=10)
    later = NOW + timedelta(days=30)
    with clock.frozen(later):
        await extend(pack.id, later.date() + timedelta(days=5), reason="was ill")
        assert await left(pack.id) == 12
    again = later + timedelta(days=60)
    with clock.frozen(again):
        await points.book_expired()
        await extend(pack.id, again.date() + timedelta(days=5), reason="was ill again")
        assert await left(pack.id) == 12


async def test_extending_twice_after_expiries_that_were_booked_gives_each_session_once(ana: UUID) -> None:
    pack = await sold(ana, validity="days", validity_n=10)
    for months in (2, 4):
        moment = NOW + timedelta(days=30 * months)
        with clock.frozen(moment):
            await points.book_expired()
            await extend(pack.id, moment.date() + timedelta(days=5), reason="was ill")
            await use(ana, kind="visit", units=2)
    with clock.frozen(NOW + timedelta(days=120)):
        assert await left(pack.id) == 8


async def test_a_half_used_pack_is_worth_its_unused_bought_sessions(ana: UUID) -> None:
    pack = await sold(ana)
    await use(ana, kind="visit", units=3)
    _pack, shown = await preview_return(pack.id)
    assert (shown.unused, shown.gifted, shown.amount) == (7, 2, 700_00)
    await take_back(pack.id, method="cash", reason="moves away")
    assert (await left(pack.id), await taken_in_cash()) == (0, 300_00)


async def test_gifted_sessions_alone_are_worth_nothing(ana: UUID) -> None:
    pack = await sold(ana)
    await use(ana, kind="visit", units=10)
    assert (await preview_return(pack.id))[1].amount == 0


async def test_two_desks_take_a_pack_back_once(ana: UUID) -> None:
    pack = await sold(ana)
    done = await asyncio.gather(
        *(take_back(pack.id, method="cash", reason="moves away") for _ in range(4)), return_exceptions=True
    )
    assert len([one for one in done if isinstance(one, NotReturnable)]) == 3
    assert await taken_in_cash() == 0


async def test_using_and_taking_back_at_once_never_pay_for_a_session_twice(ana: UUID) -> None:
    pack = await sold(ana, bought=4, gifted=0, price=400_00)
    done = await asyncio.gather(
        use(ana, kind="visit"),
        take_back(pack.id, method="cash", reason="moves away"),
        use(ana, kind="visit"),
        return_exceptions=True,
    )
    used = len([one for one in (done[0], done[2]) if not isinstance(one, Exception)])
    assert (await taken_in_cash(), await left(pack.id)) == (used * 100_00, 0)


@given(
    price=st.integers(0, 10**9),
    bought=st.integers(1, 500),
    gifted=st.integers(0, 100),
    used=st.integers(0, 600),
)
def test_what_comes_back_is_never_more_than_was_paid_and_exact(price: int, bought: int, gifted: int, used: int) -> None:
    rest = max(bought + gifted - used, 0)
    unused = unused_bought(bought, gifted, rest)
    paid_back = worth(price, bought, unused)
    assert 0 <= paid_back <= price
    assert paid_back * bought <= price * unused < (paid_back + 1) * bought
    assert used > 0 or paid_back == price
    assert used < bought or paid_back == 0


def test_months_end_on_the_same_day_or_the_last_one() -> None:
    sold_at = datetime(2027, 1, 31, 2, tzinfo=UTC)
    assert ends("months", 1, sold_at, SHANGHAI) == datetime(2027, 2, 28, 16, tzinfo=UTC)


async def test_a_pupils_pack_keeps_to_the_law(business: None) -> None:
    same = {"title": "Lessons", "kind": "lesson", "currency": "CNY", "lessons": True}
    with pytest.raises(Invalid, match="at most 5000 yuan"):
        await keep_product(NewProduct(bought=40, price=5000_01, **same))
    with pytest.raises(Invalid, match="at most 60 lessons"):
        await keep_product(NewProduct(bought=61, price=4000_00, **same))
    await keep_product(NewProduct(bought=61, price=4000_00, validity="months", validity_n=3, **same))


async def test_limits_are_settings(business: None) -> None:
    await set_wallet(lesson_units=0, lesson_price=0)
    await product(lessons=True, bought=200, price=9000_00)


async def test_a_pack_cannot_be_extended_into_the_past(ana: UUID) -> None:
    pack = await sold(ana, validity="days", validity_n=10)
    with pytest.raises(Invalid, match="is over"):
        await extend(pack.id, date(2026, 11, 1), reason="was ill")


async def test_a_pack_is_not_extended_beyond_all_calendars(ana: UUID) -> None:
    pack = await sold(ana, validity="days", validity_n=10)
    with pytest.raises(Invalid, match="within a hundred years"):
        await extend(pack.id, date(9999, 12, 31), reason="was ill")
