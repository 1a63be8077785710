"""Redeeming rewards: points, price, stock, limits, what plugins give, and everything back when it is cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from core.points.people import START, Holder, earn_for
from core.points.rewards.catalogue import give_points, into_tier, left, make, redeem, stock

from tessera.kernel import clock
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval
from tessera.kernel.errors import Conflict, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins.state import disable
from tessera.kernel.texts import use_locale
from tessera.points import service as points
from tessera.points.rewards import service


async def test_a_reward_costs_its_points_and_gives_a_code(ana: Holder) -> None:
    await make(price=80)
    await give_points(ana, 100)
    done = await redeem(ana)
    assert (done.points, done.available, len(done.code)) == (80, 20, 8)
    assert await left(ana) == 20


async def test_the_id_of_someone_elses_redemption_redeems_nothing(
    ana: Holder, holder: Callable[[str], Awaitable[Holder]]
) -> None:
    ben = await holder("Ben")
    await make(price=80)
    await give_points(ana, 100)
    await give_points(ben, 100)
    hers = await redeem(ana)
    with pytest.raises(service.RewardNotOffered):
        await service.redeem(ben.member, hers.reward.code, once=hers.id)
    assert await left(ben) == 100


async def test_members_of_a_tier_pay_its_price(ana: Holder) -> None:
    await make(price=80, tiers={"gold": 50})
    await into_tier(ana, "gold")
    await give_points(ana, 100)
    assert (await redeem(ana)).points == 50


async def test_members_of_another_tier_pay_what_all_pay(ana: Holder) -> None:
    await make(price=80, tiers={"gold": 50})
    await into_tier(ana, "silver")
    await give_points(ana, 100)
    assert (await redeem(ana)).points == 80


async def test_a_reward_beyond_the_balance_takes_nothing(ana: Holder) -> None:
    await make(price=80, stock=3)
    await give_points(ana, 79)
    with pytest.raises(points.InsufficientBalance) as refused:
        await redeem(ana)
    assert refused.value.facts == {"available": 79}
    assert (await left(ana), await stock(), await fetchval("SELECT count(*) FROM redemption")) == (79, 3, 0)


async def test_each_redemption_takes_a_piece_from_the_stock(ana: Holder) -> None:
    await make(stock=2)
    await give_points(ana, 500)
    await redeem(ana)
    assert await stock() == 1


async def test_when_the_stock_is_gone_nothing_is_taken(ana: Holder) -> None:
    await make(stock=1)
    await give_points(ana, 500)
    await redeem(ana)
    with pytest.raises(service.RewardOutOfStock, match="nothing is left of Mug"):
        await redeem(ana)
    assert await left(ana) == 420


async def test_a_reward_without_stock_has_no_end(ana: Holder) -> None:
    await make()
    await give_points(ana, 240)
    for _n in range(3):
        await redeem(ana)
    assert (await left(ana), await stock()) == (0, None)


async def test_a_member_gets_it_as_often_as_the_limit_says(ana: Holder) -> None:
    await make(member_limit=1)
    await give_points(ana, 500)
    await redeem(ana)
    with pytest.raises(service.RewardLimitReached, match="1 times") as refused:
        await redeem(ana)
    assert refused.value.facts == {"limit": 1}


@pytest.mark.parametrize(
    ("period", "next_at"),
    [
        ("day", datetime(2026, 3, 10, 16, tzinfo=UTC)),
        ("week", datetime(2026, 3, 15, 16, tzinfo=UTC)),
        ("month", datetime(2026, 3, 31, 16, tzinfo=UTC)),
        ("year", datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
async def test_a_limit_begins_anew_at_the_midnight_of_the_business(ana: Holder, period: str, next_at: datetime) -> None:
    await make(member_limit=1, period=period)
    await give_points(ana, 500)
    await redeem(ana)
    with clock.frozen(next_at - timedelta(seconds=1)), pytest.raises(service.RewardLimitReached):
        await redeem(ana)
    with clock.frozen(next_at):
        assert (await redeem(ana)).points == 80


async def test_a_cancelled_redemption_does_not_count_for_the_limit(ana: Holder) -> None:
    await make(member_limit=1)
    await give_points(ana, 500)
    await service.cancel((await redeem(ana)).id, "changed her mind")
    assert (await redeem(ana)).points == 80


async def test_before_and_after_its_days_it_is_not_offered(ana: Holder) -> None:
    await make(since=START + timedelta(days=1), until=START + timedelta(days=2))
    await give_points(ana, 500)
    with pytest.raises(service.RewardNotOffered):
        await redeem(ana)
    with clock.frozen(START + timedelta(days=2)), pytest.raises(service.RewardNotOffered):
        await redeem(ana)


async def test_a_reward_that_is_switched_off_is_not_there(ana: Holder) -> None:
    await make(enabled=False)
    await give_points(ana, 500)
    with pytest.raises(service.RewardUnknown):
        await redeem(ana)


async def test_a_reward_of_another_store_is_not_there(ana: Holder, store: UUID) -> None:
    await make(stores=[store])
    await give_points(ana, 500)
    with pytest.raises(service.RewardUnknown):
        await redeem(ana, store=uuid7())
    assert (await redeem(ana, store=store)).points == 80


async def test_where_only_some_stores_hand_it_out_the_store_is_asked_for(ana: Holder, store: UUID) -> None:
    await make(stores=[store])
    await give_points(ana, 500)
    with pytest.raises(Invalid, match="name the store"):
        await redeem(ana)


async def test_cancelling_restores_the_same_lots_with_their_expiry_and_the_stock(ana: Holder) -> None:
    soon, late = datetime(2026, 4, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC)
    await make(price=130, stock=1)
    await give_points(ana, 100, soon)
    await give_points(ana, 100, late)
    await service.cancel((await redeem(ana)).id, "wrong colour")
    lots = await fetch("SELECT remaining, expires_at FROM lot ORDER BY expires_at")
    assert [tuple(row) for row in lots] == [(100, soon), (100, late)]
    assert (await stock(), await left(ana)) == (1, 200)
    assert await points.verify() == []


async def test_a_redemption_is_cancelled_once(ana: Holder) -> None:
    await make(stock=1)
    await give_points(ana, 100)
    done = await redeem(ana)
    await service.cancel(done.id, "wrong colour")
    with pytest.raises(service.AlreadyCancelled):
        await service.cancel(done.id, "wrong colour")
    assert (await left(ana), await stock()) == (100, 1)


async def test_cancelling_asks_for_a_reason(ana: Holder) -> None:
    await make()
    await give_points(ana, 100)
    done = await redeem(ana)
    with pytest.raises(Invalid, match="reason"):
        await service.cancel(done.id, "  ")


async def test_what_was_handed_over_can_come_back(ana: Holder) -> None:
    await make()
    await give_points(ana, 100)
    done = await redeem(ana)
    await service.hand_over(done.id)
    assert (await service.cancel(done.id, "broken")).status == "cancelled"
    assert await left(ana) == 100


async def test_what_is_cancelled_is_not_handed_over(ana: Holder) -> None:
    await make()
    await give_points(ana, 100)
    done = await redeem(ana)
    await service.cancel(done.id, "wrong colour")
    with pytest.raises(service.AlreadyCancelled):
        await service.hand_over(done.id)


async def test_a_redemption_is_handed_over_once(ana: Holder) -> None:
    await make()
    await give_points(ana, 100)
    done = await redeem(ana)
    assert (await service.hand_over(done.id)).status == "handed_over"
    with pytest.raises(service.AlreadyHandedOver):
        await service.hand_over(done.id)


async def test_nobody_picks_a_donation_up(ana: Holder) -> None:
    await make("trees", kind="donation")
    await give_points(ana, 100)
    assert (await redeem(ana, "trees")).status == "handed_over"


async def test_a_plugins_reward_is_given_in_the_same_unit_of_work(ana: Holder) -> None:
    await make("badge", kind="dummy.badge", choice="red")
    await give_points(ana, 100)
    done = await redeem(ana, "badge")
    assert (done.given, done.status) == ("badge-red", "handed_over")
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'given red'") == 1


async def test_a_plugin_that_refuses_takes_everything_back(ana: Holder) -> None:
    await make("badge", kind="dummy.badge", choice="invisible", stock=5)
    await give_points(ana, 100)
    with pytest.raises(Conflict, match="invisible"):
        await redeem(ana, "badge")
    assert (await left(ana), await stock("badge")) == (100, 5)


async def test_a_plugin_takes_back_what_it_gave(ana: Holder) -> None:
    await make("badge", kind="dummy.badge", choice="red")
    await give_points(ana, 100)
    await service.cancel((await redeem(ana, "badge")).id, "does not fit")
    assert await fetchval("SELECT count(*) FROM dummy.seen WHERE what = 'given red'") == 0


async def test_what_a_plugin_does_not_take_back_stays_redeemed(ana: Holder) -> None:
    await make("badge", kind="dummy.badge", choice="red")
    await give_points(ana, 100)
    done = await redeem(ana, "badge")
    await execute("INSERT INTO dummy.seen (id, what, about, at) VALUES ($1, 'worn', $2, now())", uuid7(), ana.member)
    with pytest.raises(Conflict, match="worn"):
        await service.cancel(done.id, "does not fit")
    assert await left(ana) == 20


async def test_where_its_plugin_is_switched_off_a_reward_is_not_there(ana: Holder) -> None:
    await make("badge", kind="dummy.badge", choice="red")
    await give_points(ana, 100)
    await disable("dummy")
    with pytest.raises(service.RewardUnknown):
        await redeem(ana, "badge")


async def test_earn_redeem_return_cancel_expire_and_nobody_owes(ana: Holder) -> None:
    """The first story of those that naive rules get wrong."""
    await make(price=100)
    bought = await earn_for(ana, 100)
    done = await redeem(ana)
    await points.take_back(points.Returned(bought, uuid7(), ana.member, 1, clock.now()))  # type: ignore[arg-type]
    await service.cancel(done.id, "came back too")
    with clock.frozen(datetime(2029, 1, 1, tzinfo=UTC)):
        await points.book_expired()
        facts = (await points.balances(ana.member))["points"]
    assert (facts.balance, facts.debt, facts.available) == (0, 0, 0)
    assert await points.verify() == []


async def test_what_a_cancelled_redemption_restores_pays_what_is_owed_first(ana: Holder) -> None:
    await make(price=100)
    bought = await earn_for(ana, 60)
    await give_points(ana, 40)
    done = await redeem(ana)
    await points.take_back(points.Returned(bought, uuid7(), ana.member, 1, clock.now()))  # type: ignore[arg-type]
    await service.cancel(done.id, "came back too")
    facts = (await points.balances(ana.member))["points"]
    assert (facts.debt, facts.available) == (0, 40)


async def test_where_expired_points_are_forgone_cancelling_gives_nothing_to_spend(ana: Holder) -> None:
    await set_setting("points.restore_expired_days", 0)
    await make(price=100)
    await give_points(ana, 100, START + timedelta(days=5))
    done = await redeem(ana)
    with clock.frozen(START + timedelta(days=9)):
        await service.cancel(done.id, "too late")
        assert await left(ana) == 0
    assert await points.verify() == []


async def test_redemptions_stand_on_the_timeline(ana: Holder) -> None:
    await make()
    await give_points(ana, 100)
    done = await redeem(ana)
    await service.hand_over(done.id)
    await service.cancel(done.id, "broken")
    kinds = await fetch("SELECT kind FROM event WHERE kind LIKE 'reward.%' AND member = $1 ORDER BY id", ana.member)
    assert [row["kind"] for row in kinds] == ["reward.redeemed", "reward.handed_over", "reward.cancelled"]


async def test_the_entry_says_which_reward_it_was(ana: Holder) -> None:
    await service.make_reward(
        service.NewReward(code="mug", title={"en": "Mug", "zh_Hans": "马克杯"}, points=80),
    )
    await give_points(ana, 100)
    await service.cancel((await redeem(ana)).id, "broken")
    back, spent, _gift = await points.entries(ana.member)
    with use_locale("en"):
        assert str(points.explain(spent)) == "Redeemed for Mug"
        assert str(points.explain(back)) == "Given back: Mug was cancelled"
    with use_locale("zh_Hans"):
        assert "马克杯" in points.explanations(spent)["zh_Hans"]


async def test_a_member_of_two_accounts_spends_from_both(ana: Holder, holder: Callable[[], Awaitable[Holder]]) -> None:
    ben = await holder()
    await make(price=150)
    await give_points(ana, 100)
    await give_points(ben, 100)
    await execute("UPDATE account SET member = $1 WHERE id = $2", ana.member, ben.account)
    done = await redeem(ana)
    await service.cancel(done.id, "wrong colour")
    assert await points.available([ana.account]) == 200
    assert await points.verify() == []


async def test_what_can_be_had_comes_first_and_the_rest_says_why_not(ana: Holder) -> None:
    await make("dear", 500)
    await make("gone", 10, stock=0)
    await make("once", 10, member_limit=1)
    await make("mug", 60)
    await make("pen", 20)
    await give_points(ana, 110)
    await redeem(ana, "once")
    found = [(offer.reward.code, offer.refused) for offer in await service.offers(ana.member)]
    assert found == [
        ("pen", None),
        ("mug", None),
        ("gone", "reward_out_of_stock"),
        ("once", "reward_limit_reached"),
        ("dear", "insufficient_balance"),
    ]
