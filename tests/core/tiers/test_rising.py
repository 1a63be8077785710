"""Members rise at once, once, and only by what counts."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from core.tiers.ladder import bring_back, changes, held, last_day, on, qualify, sell, store_in_dollars, tier, told

from tessera.kernel import dispatcher
from tessera.kernel.database import fetchval
from tessera.kernel.plugins.state import disable
from tessera.members.service import NewMember, account_of, create_member
from tessera.points import service as points
from tessera.purchases.service import record_visit
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.counting import count
from tessera.tiers.service.defined import Criteria, tiers
from tessera.tiers.service.rates import set_rate
from tessera.tiers.service.rising import raise_everyone

PERIOD = (date(2025, 11, 21), date(2026, 11, 21))


async def spent(member: UUID) -> int | None:
    return (await count(member, ["spend"], *PERIOD))["spend"]


async def test_a_new_business_begins_with_one_tier_that_asks_for_nothing(ana):
    assert [(one.code, one.criteria.asks) for one in tiers()] == [("basic", {})]
    assert await tier(ana) == "basic"


async def test_the_purchase_that_reaches_a_tier_answers_it(ana, ladder):
    before = await sell(ana, 999)
    reached = await sell(ana, 1, "R2")
    assert (before.tier.changed, reached.tier.changed, reached.tier.code) == (False, True, "silver")


async def test_two_tiers_at_once_are_one_step(ana, ladder):
    await sell(ana, 6000)
    assert await changes(ana) == [("basic", "gold", "reached")]
    assert await told(ana, "tier.changed") == [{"from": "basic", "to": "gold", "direction": "up", "why": "reached"}]


async def test_all_that_a_tier_asks_for_is_needed(ana, ladder):
    await sell(ana, 20_000)
    assert await tier(ana) == "gold"


async def test_one_metric_is_enough_where_any_is_asked(ana, store):
    await add_tier({"en": "Silver"}, criteria=Criteria("any", {"spend": 10**9, "visits": 1}))
    await sell(ana, 1)
    assert await tier(ana) == "silver"


async def test_two_purchases_at_the_same_moment_raise_once(ana, ladder):
    done = await asyncio.gather(sell(ana, 600, "R1"), sell(ana, 600, "R2"))
    assert sorted(one.tier.changed for one in done) == [False, True]
    assert await changes(ana) == [("basic", "silver", "reached")]


async def test_a_tier_lasts_a_whole_period_from_the_day_it_was_reached(ana, ladder):
    await sell(ana, 1000)
    assert await last_day(ana) == date(2027, 11, 20)


async def test_a_calendar_year_ends_with_its_last_month(ana, ladder):
    await qualify(kind="calendar", month=4)
    await sell(ana, 1000)
    assert await last_day(ana) == date(2027, 3, 31)


async def test_what_was_bought_before_the_period_does_not_count(ana, ladder):
    with on(2025, 11, 20):
        await sell(ana, 900)
    await sell(ana, 900, "R2")
    assert await tier(ana) == "basic"


async def test_a_purchase_that_arrives_late_counts_on_its_own_day(ana, ladder):
    await sell(ana, 1000, at=datetime.fromisoformat("2025-06-01T12:00:00+08:00"))
    assert await tier(ana) == "basic"


async def test_returns_are_taken_off_on_the_day_of_the_purchase(ana, store):
    with on(2025, 11, 20):
        old = await sell(ana, 500)
    await sell(ana, 300, "R2")
    await bring_back(old.id)
    assert await spent(ana) == 300_00


async def test_points_earned_count_and_not_what_is_left_of_them(ana, store):
    await sell(ana, 500)
    await points.debit(await account_of(ana), ana, 400, reason="gift")
    await points.credit(await account_of(ana), ana, 1000, reason="gift")
    assert await count(ana, ["points"], *PERIOD) == {"points": 500}


async def test_spending_points_never_lowers_a_tier(ana, store):
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"points": 500}))
    await sell(ana, 500)
    await points.debit(await account_of(ana), ana, 500, reason="gift")
    await sell(ana, 1, "R2")
    assert await tier(ana) == "silver"


async def test_points_that_had_expired_are_taken_off_when_the_purchase_comes_back(ana, store):
    with on(2025, 12, 1):
        bought = await sell(ana, 100)
    with on(2026, 11, 19):
        await bring_back(bought.id)
    assert await count(ana, ["points"], *PERIOD) == {"points": 0}


async def test_the_part_of_a_purchase_that_points_paid_is_not_spent(ana, store):
    await points.credit(await account_of(ana), ana, 10_000, reason="gift")
    await sell(ana, 100, redeem={"points": 1000})
    assert await spent(ana) == 90_00


async def test_another_currency_counts_by_the_rate_of_its_day(ana, store):
    await store_in_dollars()
    await set_rate("USD", date(2026, 11, 1), Decimal("7.0"))
    await set_rate("USD", date(2026, 11, 20), Decimal("7.125"))
    await set_rate("USD", date(2026, 11, 21), Decimal(9))
    await sell(ana, 10, store="us")
    assert await spent(ana) == 71_25


async def test_without_a_rate_another_currency_does_not_count_and_the_evidence_says_so(ana, ladder):
    await store_in_dollars()
    await sell(ana, 1000, store="us")
    assert await tier(ana) == "basic"
    await sell(ana, 1000, "R2")
    assert (await fetchval("SELECT evidence FROM tier_change WHERE member = $1", ana))["uncounted"] == {"USD": 1}


async def test_the_evidence_holds_what_was_counted_against_what(ana, ladder):
    await sell(ana, 1200)
    assert await fetchval("SELECT evidence FROM tier_change WHERE member = $1", ana) == {
        "tier": "silver",
        "version": 1,
        "match": "all",
        "asked": {"spend": 100_000},
        "counted": {"spend": 120_000},
        "since": "2025-11-21",
        "end": "2026-11-21",
        "uncounted": {},
    }


async def test_history_is_never_rewritten(ana, ladder):
    await sell(ana, 1200)
    with pytest.raises(Exception, match="never changed"):
        await fetchval("UPDATE tier_change SET why = 'hand' WHERE member = $1", ana)


async def test_a_visit_raises_after_its_event(ana, store):
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"visits": 1}))
    await record_visit(ana, store, kind="check_in")
    await dispatcher.drain()
    assert await tier(ana) == "silver"


async def test_who_brought_somebody_rises_when_they_first_buy(ana, store):
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"referrals": 1}))
    ben = await create_member(NewMember(name="Ben", store=store))
    await fetchval(
        "INSERT INTO member_link (id, member, other, kind, label, actor, created_at) "
        "VALUES (gen_random_uuid(), $1, $2, 'referrer', '', 'test', now())",
        ben,
        ana,
    )
    await dispatcher.drain()
    assert await tier(ana) == "basic"
    await sell(ben, 10)
    await dispatcher.drain()
    assert await tier(ana) == "silver"


async def test_a_change_of_what_is_asked_raises_at_night_and_starts_nothing_the_first_time(ana, store):
    await sell(ana, 1200)
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"spend": 100_000}))
    assert await raise_everyone() == 1
    assert await fetchval("SELECT origin FROM event WHERE kind = 'tier.changed'") == "import"


async def test_whoever_rises_has_a_new_period(ana, ladder):
    await sell(ana, 1000)
    with on(2027, 3, 1):
        await sell(ana, 4000, "R2")
    assert (await tier(ana), await last_day(ana)) == ("gold", date(2028, 3, 1))
    assert (await held(ana))["warned_at"] is None


async def test_a_plugins_metric_raises_after_its_event_and_rests_with_its_plugin(ana, store, plugin_host):
    from tessera_dummy.service import wave

    assert [one.value.name for one in plugin_host.declared("tier_metrics") if one.plugin == "dummy"] == ["waves"]
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"dummy.waves": 1}))
    await wave(ana)
    await dispatcher.drain()
    assert await tier(ana) == "silver"
    await disable("dummy")
    assert await count(ana, ["dummy.waves"], *PERIOD) == {"dummy.waves": None}
