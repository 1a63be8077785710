"""Memberships: sold, begun, renewed, upgraded, held, given on, refunded, and told before they expire."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as
from tessera.conditions import facts_of_member
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Forbidden, Invalid
from tessera.members.service.erasing import erase
from tessera.members.service.merging import merge, undo
from tessera.members.service.telling import export_member
from tessera_hooks import Happened
from tessera_wallet.memberships import cards, ending, entering, expiring, holding, reading, selling
from tessera_wallet.memberships.contract import (
    HoldRefused,
    MembershipOver,
    NotRenewable,
    NoUpgrade,
    ProductTaken,
    TransferRefused,
)
from tessera_wallet.memberships.products import NewProduct, change_product, make_product
from tessera_wallet.memberships.selling import Sale

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Monday 2 March 2026, 12:00 in Shanghai."""

YEAR = NewProduct(title="Gym, a year", term_unit="years", term_n=1, price=365_00, renewals=1, hold_days=30)


@contextmanager
def at(moment: datetime, days: int = 0):
    """Within the block it is so many days after a moment."""
    with clock.frozen(moment + timedelta(days=days)):
        yield


@pytest.fixture
async def gym(store: UUID, system: Actor) -> UUID:
    """A year for 365 yuan, renewable once, held for 30 days a year at most; it is noon of 2 March 2026."""
    await make_product("year", YEAR)
    return store


async def sold(member: UUID, product: str = "year", **more: object) -> UUID:
    return await selling.sell(Sale(member=member, product=product, method="cash", **more))


async def taken() -> list[tuple[str, int]]:
    return [(row["method"], row["amount"]) for row in await fetch("SELECT method, amount FROM taking ORDER BY id")]


async def test_a_year_is_sold_with_its_last_day_inclusive(gym, member):
    with at(NOON):
        held = await reading.membership(await sold(await member("Ana")))
    assert (held.starts_on, held.ends_on, held.state) == (date(2026, 3, 2), date(2027, 3, 1), "active")
    assert await taken() == [("cash", 365_00)]


async def test_the_state_follows_from_the_clock_alone(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"), starts_on=date(2026, 3, 4))
        await holding.hold(id_, date(2026, 3, 10), date(2026, 3, 11))
    states = []
    for days in (0, 1, 2, 7, 8, 9, 10, 368, 369):
        with at(NOON, days):
            states.append((await reading.membership(id_)).state)
    assert states == ["not_started"] * 2 + ["active"] * 2 + ["held"] * 2 + ["active"] * 2 + ["expired"]


async def test_the_payer_may_be_someone_else(gym, member):
    ana, mother = await member("Ana"), await member("Mother")
    with at(NOON):
        held = await reading.membership(await sold(ana, payer=mother))
    assert (held.member, held.payer) == (ana, mother)
    assert await fetchval("SELECT member FROM taking") == mother


async def test_whoever_paid_is_told_of_it_and_not_why_it_ended(gym, member):
    ana, mother = await member("Ana"), await member("Mother")
    await ending.cancel(await sold(ana, payer=mother), reason="expects a child")
    told = [(await export_member(one)).rooms["wallet"]["memberships"][0] for one in (ana, mother)]
    assert [one["end_reason"] for one in told] == ["expects a child", ""]
    assert [one["paid"] for one in told] == [365_00, 365_00]


async def test_another_price_needs_the_right_to_it(gym, member):
    ana = await member("Ana")
    cashier = Actor("staff", "Li", (Grant(("members.read", "wallet.membership.write")),))
    with at(NOON), acting_as(cashier), pytest.raises(Forbidden, match=r"wallet\.refund_memberships"):
        await sold(ana, price=100_00)


@pytest.mark.parametrize("method", ["", "wallet.stored_value"])
async def test_money_needs_a_way_to_pay_that_the_business_takes_itself(gym, member, method):
    with pytest.raises(Invalid, match="say how it is paid"):
        await selling.sell(Sale(member=await member("Ana"), product="year", method=method))


async def test_what_is_free_takes_no_money(gym, member):
    await make_product("trial", NewProduct(title="A week to try", term_unit="days", term_n=7))
    await selling.sell(Sale(member=await member("Ana"), product="trial"))
    assert await taken() == []


async def test_a_renewal_follows_the_last_day_and_only_as_often_as_allowed(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
    with at(NOON, 300):
        assert (await selling.renew(id_, "card")).ends_on == date(2028, 3, 1)
        with pytest.raises(NotRenewable, match="can be renewed 1 times"):
            await selling.renew(id_, "card")


async def test_of_parallel_renewals_as_many_are_sold_as_allowed(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        done = await asyncio.gather(*[selling.renew(id_, "cash") for _try in range(6)], return_exceptions=True)
    assert [type(one).__name__ for one in done].count("NotRenewable") == 5
    assert len(await taken()) == 2


async def test_what_has_expired_is_sold_anew_and_not_renewed(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
    with at(NOON, 365), pytest.raises(MembershipOver, match="over"):
        await selling.renew(id_, "cash")


async def test_a_hold_moves_the_end_by_its_days_and_rests_until_its_last_day_inclusive(gym, member):
    ana = await member("Ana")
    with at(NOON):
        id_ = await sold(ana)
        held = await holding.hold(id_, date(2026, 3, 5), date(2026, 3, 14), reason="travels")
        assert held.ends_on == date(2027, 3, 11)
    with at(NOON, 12):
        assert not (await entering.entitled(ana, gym)).may
    with at(NOON, 13):
        assert (await entering.entitled(ana, gym)).may


async def test_holds_that_share_a_day_are_refused_also_in_a_race(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        spans = [(date(2026, 4, 1 + n), date(2026, 4, 10 + n)) for n in range(6)]
        done = await asyncio.gather(*[holding.hold(id_, *span) for span in spans], return_exceptions=True)
        assert [type(one).__name__ for one in done].count("HoldRefused") == 5
        assert (await reading.membership(id_)).ends_on == date(2027, 3, 11)


async def test_a_year_is_not_held_for_more_days_than_the_product_allows(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await holding.hold(id_, date(2026, 12, 10), date(2027, 1, 8))
        with pytest.raises(HoldRefused, match="in 2026 it can be held for 8 more days"):
            await holding.hold(id_, date(2026, 4, 1), date(2026, 4, 9))
        await holding.hold(id_, date(2026, 4, 1), date(2026, 4, 8))


async def test_a_hold_ends_early_and_gives_the_other_days_back(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await holding.hold(id_, date(2026, 3, 5), date(2026, 3, 14))
    with at(NOON, 6):
        hold = (await reading.membership(id_)).holds[0]
        held = await holding.end_hold(id_, hold.id)
    assert (held.state, held.ends_on, held.spans) == (
        "active",
        date(2027, 3, 4),
        [(date(2026, 3, 5), date(2026, 3, 7))],
    )


async def test_a_hold_that_has_not_begun_is_taken_away_whole(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        held = await holding.hold(id_, date(2026, 3, 5), date(2026, 3, 14))
        held = await holding.end_hold(id_, held.holds[0].id)
    assert (held.ends_on, held.spans) == (date(2027, 3, 1), [])


async def test_a_refund_pays_the_unused_days_and_days_on_hold_use_nothing_up(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await holding.hold(id_, date(2026, 3, 5), date(2026, 3, 14))
    with at(NOON, 65):
        assert await ending.refund(id_, "cash", reason="moves away") == 310_00
        assert (await reading.membership(id_)).state == "refunded"
        with pytest.raises(MembershipOver):
            await ending.refund(id_, "cash")
    assert await taken() == [("cash", 365_00), ("cash", -310_00)]


async def test_a_refund_gives_back_a_renewal_that_has_not_begun_at_its_own_price(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await change_product("year", NewProduct(**{**_fields(YEAR), "price": 500_00}))
        await selling.renew(id_, "cash")
    with at(NOON, 365):
        assert (await reading.membership(id_)).worth == 500_00


def _fields(new: NewProduct) -> dict[str, object]:
    return {name: getattr(new, name) for name in NewProduct.__struct_fields__}


async def test_of_parallel_refunds_one_pays(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        done = await asyncio.gather(*[ending.refund(id_, "cash") for _try in range(6)], return_exceptions=True)
    assert sorted(one for one in done if isinstance(one, int)) == [365_00]
    assert len(await taken()) == 2


async def test_no_more_is_paid_back_than_is_left(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        with pytest.raises(Invalid, match="what is left is worth less"):
            await ending.refund(id_, "cash", amount=365_01)


async def test_a_cancelled_membership_pays_nothing_back(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await ending.cancel(id_, reason="broke the rules")
        assert (await reading.membership(id_)).state == "cancelled"
    assert await taken() == [("cash", 365_00)]


async def test_an_upgrade_credits_what_is_left_and_can_itself_be_refunded(gym, member):
    await make_product("all", NewProduct(title="All clubs", term_unit="years", term_n=1, price=730_00))
    with at(NOON):
        old = await sold(await member("Ana"))
    with at(NOON, 73):
        new = await selling.upgrade(old, "all", "card")
        assert await taken() == [("cash", 365_00), ("card", 730_00 - 292_00)]
        before, after = await reading.membership(old), await reading.membership(new)
    assert (before.state, after.state, after.starts_on, after.worth) == (
        "upgraded",
        "active",
        date(2026, 5, 14),
        730_00,
    )


async def test_what_costs_less_than_is_left_is_no_upgrade(gym, member):
    await make_product("month", NewProduct(title="A month", price=50_00))
    with at(NOON):
        id_ = await sold(await member("Ana"))
        with pytest.raises(NoUpgrade, match="refund that instead"):
            await selling.upgrade(id_, "month", "cash")


async def test_a_membership_is_given_to_someone_else_with_all_it_has(gym, member):
    ana, ben = await member("Ana"), await member("Ben")
    with at(NOON):
        id_ = await sold(ana)
        held = await holding.transfer(id_, ben)
        assert not (await entering.entitled(ana, gym)).may
        assert (await entering.entitled(ben, gym)).may
        with pytest.raises(TransferRefused, match="already"):
            await holding.transfer(id_, ben)
    assert (held.member, held.ends_on) == (ben, date(2027, 3, 1))


def visit(member: UUID, store: UUID, moment: datetime) -> Happened:
    return Happened(UUID(int=7), 1, "visit.recorded", 1, "live", member, store, moment, {})


async def come(member: UUID, store: UUID, moment: datetime) -> None:
    await in_transaction(lambda: entering.start_at_visit(visit(member, store, moment)))


async def test_the_first_visit_begins_what_waited_for_it_once(gym, member):
    await make_product("month", NewProduct(title="A month", begins="visit", price=50_00))
    ana = await member("Ana")
    with at(NOON):
        id_ = await sold(ana, "month")
        assert (await entering.entitled(ana, gym)).begins
    with at(NOON, 20):
        await asyncio.gather(*[come(ana, gym, NOON + 20 * DAY) for _visit in range(4)])
        held = await reading.membership(id_)
    assert (held.starts_on, held.ends_on) == (date(2026, 3, 22), date(2026, 4, 21))
    assert [row["what"] for row in await reading.history(id_)] == ["started", "sold"]


async def test_a_visit_begins_nothing_while_another_membership_lets_in(gym, member):
    await make_product("month", NewProduct(title="A month", begins="visit", price=50_00))
    ana = await member("Ana")
    with at(NOON):
        await sold(ana)
        waiting = await sold(ana, "month")
        await come(ana, gym, NOON)
        assert (await reading.membership(waiting)).starts_on is None


async def test_what_waits_can_be_renewed_and_begins_with_all_its_terms(gym, member):
    await make_product("month", NewProduct(title="A month", begins="visit", price=50_00))
    ana = await member("Ana")
    with at(NOON):
        id_ = await sold(ana, "month")
        await selling.renew(id_, "cash")
        await come(ana, gym, NOON)
        assert (await reading.membership(id_)).ends_on == date(2026, 5, 1)


async def test_who_may_enter_depends_on_the_store_its_weekday_and_its_clock(gym, member):
    here = (await access.add_store("ny", "New York", timezone="America/New_York")).id
    await make_product(
        "quiet",
        NewProduct(
            title="Quiet hours", price=10_00, stores=[here], weekdays=[1, 2, 7], from_minute=150, until_minute=960
        ),
    )
    ana = await member("Ana")
    with at(datetime(2026, 3, 7, 12, tzinfo=UTC)):
        await sold(ana, "quiet")

    async def told(moment: datetime, store: UUID | None = here) -> list[str]:
        found = await entering.entitled(ana, store, moment)
        return [] if found.may else [str(reason) for reason in found.reasons]

    sunday = datetime(2026, 3, 8, tzinfo=UTC)
    assert await told(sunday + timedelta(hours=6, minutes=59)) == ['"Quiet hours" holds 02:30–16:00']
    assert await told(sunday + timedelta(hours=7)) == []  # 1:59 is followed by 3:00 on this day
    assert await told(sunday + timedelta(hours=19, minutes=59)) == []
    assert await told(sunday + timedelta(hours=20)) == ['"Quiet hours" holds 02:30–16:00']
    assert await told(sunday + timedelta(days=3, hours=16)) == ['"Quiet hours" does not hold on this day of the week']
    assert await told(sunday + timedelta(hours=15), gym) == ['"Quiet hours" does not hold in this store']


async def test_the_last_day_is_that_of_the_store(gym, member):
    far = (await access.add_store("ho", "Honolulu", timezone="Pacific/Honolulu")).id
    await make_product("week", NewProduct(title="A week", term_unit="days", term_n=7, price=10_00))
    ana = await member("Ana")
    with at(NOON):
        await sold(ana, "week")
    last = datetime(2026, 3, 8, 15, 59, tzinfo=UTC)  # 23:59 of the 8th in Shanghai
    assert (await entering.entitled(ana, gym, last)).may
    assert not (await entering.entitled(ana, gym, last + timedelta(minutes=1))).may
    assert (await entering.entitled(ana, far, last + timedelta(minutes=1))).may


async def test_whoever_has_nothing_is_told_so(gym, member):
    found = await entering.entitled(await member("Ana"), gym)
    assert (found.may, [str(reason) for reason in found.reasons]) == (False, ["there is no membership"])


async def expiring_told() -> list[str]:
    rows = await fetch("SELECT payload FROM event WHERE kind = 'wallet.membership_expiring' ORDER BY occurred_at, id")
    return [row["payload"]["until"] for row in rows]


async def test_an_end_that_is_near_is_told_once(gym, member):
    with at(NOON):
        await sold(await member("Ana"))
    for days in (357, 358, 359, 364, 365, 370):
        with at(NOON, days):
            await asyncio.gather(expiring.tell_expiring(), expiring.tell_expiring())
            assert await expiring_told() == ([] if days < 357 else ["2027-03-01"])


async def test_it_is_told_again_after_a_renewal_and_after_a_hold(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
    with at(NOON, 360):
        await expiring.tell_expiring()
        await selling.renew(id_, "cash")
        await expiring.tell_expiring()
    with at(NOON, 364 + 366):
        await expiring.tell_expiring()
        await holding.hold(id_, date(2028, 3, 1), date(2028, 3, 20))
        await expiring.tell_expiring()
    with at(NOON, 364 + 366 + 14):
        await expiring.tell_expiring()
    assert await expiring_told() == ["2027-03-01", "2028-03-01", "2028-03-21"]


async def test_what_was_ended_is_not_told(gym, member):
    with at(NOON):
        id_ = await sold(await member("Ana"))
        await ending.cancel(id_)
    with at(NOON, 360):
        await expiring.tell_expiring()
    assert await expiring_told() == []


async def test_conditions_may_ask_what_a_member_has_and_until_when(gym, member):
    ana = await member("Ana")
    names = ["active", "held", "until", "days_left", "ended_days"]
    asked = [f"wallet.membership_{name}" for name in names]

    async def told(days: int) -> list[object]:
        with at(NOON, days):
            known = await facts_of_member(ana, [*asked, "wallet.memberships"])
        return [*(known.get(name) for name in asked), known["wallet.memberships"]]

    with at(NOON):
        id_ = await sold(ana)
        await holding.hold(id_, date(2026, 3, 5), date(2026, 3, 14))
    assert await told(0) == [True, False, date(2027, 3, 11), 374, None, ["year"]]
    assert await told(3) == [False, True, date(2027, 3, 11), 371, None, ["year"]]
    assert await told(374) == [True, False, date(2027, 3, 11), 0, None, ["year"]]
    assert await told(375) == [False, False, None, None, 1, []]


async def test_history_is_not_rewritten(gym, member):
    await sold(await member("Ana"))
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await execute("UPDATE wallet.membership_change SET amount = 0")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await execute("DELETE FROM wallet.membership_change")


async def test_a_code_names_one_product(gym):
    with pytest.raises(ProductTaken, match='there is a membership "year" already'):
        await make_product("year", YEAR)


async def test_a_product_that_makes_no_sense_is_refused_field_by_field(gym):
    with pytest.raises(Invalid) as refused:
        await make_product(
            "x", NewProduct(title=" ", term_n=0, price=-1, weekdays=[8], from_minute=60, until_minute=60)
        )
    assert [error.field for error in refused.value.errors] == ["title", "term_n", "price", "weekdays", "until_minute"]


async def test_memberships_go_with_a_merge_and_back(gym, member):
    ana, twin = await member("Ana"), await member("Ana")
    id_ = await sold(twin)
    done = await merge(ana, twin)
    assert [held.id for held in await reading.memberships_of(ana)] == [id_]
    own = await sold(ana)
    back = await undo(done.merge)
    assert [held.id for held in await reading.memberships_of(twin)] == [id_]
    assert [held.id for held in await reading.memberships_of(ana)] == [own]
    assert "memberships sold since: 1" in [str(text) for text in back.stayed]


async def test_the_till_says_once_that_a_membership_is_on_hold(gym, member):
    with at(NOON):
        ana = await member("Ana")
        id_ = await sold(ana)
        assert (await cards.at_till(ana))["entry"].may
        await holding.hold(id_, date(2026, 3, 2), date(2026, 3, 9))
        assert [str(said) for said in (await cards.warning(ana))["said"]] == [
            '"Gym, a year" is on hold until 2026-03-09'
        ]
        assert await cards.at_till(ana) is None


async def test_whoever_is_erased_enters_no_more_and_what_was_paid_stays(gym, member):
    ana = await member("Ana")
    id_ = await sold(ana)
    await ending.cancel(id_, reason="Ana moves to Lyon")
    second = await sold(ana)
    await erase(ana, "asked")
    rows = await fetch("SELECT id, ended_as, end_reason FROM wallet.membership ORDER BY id")
    assert [(row["id"], row["ended_as"], row["end_reason"]) for row in rows] == [
        (id_, "cancelled", ""),
        (second, "cancelled", ""),
    ]
    assert await fetchval("SELECT sum(price) FROM wallet.membership_term") == 2 * 365_00


async def test_a_visit_before_the_sale_begins_nothing(gym, member):
    await make_product("month", NewProduct(title="A month", begins="visit", price=50_00))
    ana = await member("Ana")
    with at(NOON):
        waiting = await sold(ana, "month")
        await come(ana, gym, NOON - DAY)
        assert (await reading.membership(waiting)).starts_on is None


async def test_a_store_takes_its_own_currency_only(gym, member):
    tokyo = await access.add_store("tk", "Tokyo", timezone="Asia/Tokyo", currency="JPY")
    with pytest.raises(Invalid, match="Tokyo takes JPY only"):
        await sold(await member("Ana"), store=tokyo.id)
    assert await taken() == []
