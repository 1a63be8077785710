"""The end of a qualification: warned before, given grace, lowered by a step, or kept for another period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from core.tiers.ladder import changes, held, last_day, night, on, qualify, sell, tier, told
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel.database import execute, fetch, fetchval
from tessera.members.service import NewMember, create_member
from tessera.tiers.periods import Scheme, add_months, counted_from, counted_sql, ends_on, ends_sql
from tessera.tiers.service.changing import archive_tier
from tessera.tiers.service.requalifying import Standing, judged, verdict_sql

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


async def test_gold_that_is_not_reached_again_is_warned_and_goes_down_one_step(ana, ladder):
    await sell(ana, 6000)
    assert await night(2027, 10, 21) == {"keep": 0, "warn": 0, "grace": 0, "down": 0}
    assert (await night(2027, 10, 22))["warn"] == 1
    assert (await night(2027, 10, 23))["warn"] == 0
    assert await told(ana, "tier.warning") == [{"tier": "gold", "ends": "2027-11-20"}]
    assert (await night(2027, 11, 21))["down"] == 1
    assert await changes(ana) == [("basic", "gold", "reached"), ("gold", "silver", "not_met")]
    assert await last_day(ana) == date(2028, 11, 20)


async def test_down_to_what_is_met_where_the_scheme_says_so(ana, ladder):
    await qualify(downgrade="met")
    await sell(ana, 6000)
    await night(2027, 11, 1)
    await night(2027, 11, 21)
    assert (await tier(ana), (await held(ana))["until"]) == ("basic", None)


async def test_a_tier_that_is_reached_again_is_kept_for_another_period_without_a_word(ana, ladder):
    await sell(ana, 1000)
    with on(2027, 5, 1):
        await sell(ana, 1100, "R2")
    await night(2027, 11, 1)
    assert (await night(2027, 11, 21))["keep"] == 1
    assert (await last_day(ana), await told(ana, "tier.warning")) == (date(2028, 11, 20), [])


async def test_nobody_goes_down_without_the_time_that_a_warning_gives(ana, ladder):
    await sell(ana, 1000)
    assert (await night(2028, 3, 1))["grace"] == 1
    assert (await night(2028, 3, 30))["down"] == 0
    assert (await night(2028, 3, 31))["down"] == 1


async def test_days_of_grace_give_time_to_reach_it_still(ana, ladder):
    await qualify(grace_days=10)
    await sell(ana, 1000)
    await night(2027, 11, 1)
    assert (await night(2027, 11, 21))["grace"] == 1
    with on(2027, 11, 25):
        await sell(ana, 1000, "R2")
    assert (await night(2027, 12, 1))["keep"] == 1
    assert (await tier(ana), await last_day(ana)) == ("silver", date(2028, 11, 20))


async def test_whoever_has_a_tier_out_of_use_keeps_it_until_its_days_end(ana, ladder):
    await sell(ana, 6000)
    await archive_tier("gold")
    await night(2027, 11, 1)
    assert await tier(ana) == "gold"
    await night(2027, 11, 21)
    assert await tier(ana) == "silver"


async def test_without_requalification_a_tier_has_no_end(ana, ladder):
    await qualify(requalify=False)
    await sell(ana, 6000)
    await night(2040, 1, 1)
    assert (await tier(ana), await last_day(ana)) == ("gold", None)


async def test_a_metric_that_cannot_be_counted_lowers_nobody(ana, ladder):
    await sell(ana, 6000)
    await execute('UPDATE tier SET criteria = \'{"match": "all", "asks": {"gone.metric": 5}}\' WHERE code = \'gold\'')
    from tessera.tiers.service.defined import read_tiers

    await read_tiers()
    await night(2028, 6, 1)
    await night(2029, 6, 1)
    assert await tier(ana) == "gold"


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(1, 40), st.integers(1, 12), st.booleans())
async def test_periods_are_the_same_in_sql(db, day, months, month, calendar):
    rules = Scheme(kind="calendar" if calendar else "rolling", months=months, month=month)
    found = await fetchval(f"SELECT ARRAY[{counted_sql(rules, '$1::date')}, {ends_sql(rules, '$1::date')}]", day)
    assert found == [counted_from(rules, day), ends_on(rules, day)]


def test_a_month_later_is_clamped_to_the_months_end():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)


_MOMENTS = st.one_of(st.none(), st.integers(-40, 40).map(lambda days: NOW + timedelta(days=days)))
_STANDINGS = st.builds(
    Standing,
    rank=st.integers(1, 4),
    until=st.integers(-40, 40).map(lambda days: NOW + timedelta(days=days)),
    warned=st.booleans(),
    grace_until=_MOMENTS,
    by_hand=st.booleans(),
    met=st.integers(0, 4),
)
_SCHEMES = st.builds(
    Scheme, warn_days=st.sampled_from([0, 1, 30]), grace_days=st.sampled_from([0, 1, 20]), months=st.just(12)
)


@given(st.lists(_STANDINGS, min_size=1, max_size=20), _SCHEMES)
async def test_the_night_judges_many_as_it_would_each(db, standings, rules):
    rows = await fetch(
        f"SELECT {verdict_sql(rules)} AS verdict FROM unnest($2::int[], $3::timestamptz[], $4::timestamptz[], "
        "$5::timestamptz[], $6::boolean[], $7::int[]) WITH ORDINALITY "
        "AS g (rank, until, warned_at, grace_until, by_hand, met, place) ORDER BY place",
        NOW,
        [one.rank for one in standings],
        [one.until for one in standings],
        [NOW if one.warned else None for one in standings],
        [one.grace_until for one in standings],
        [one.by_hand for one in standings],
        [one.met for one in standings],
    )
    assert [row["verdict"] for row in rows] == [judged(one, rules, NOW) for one in standings]


@pytest.mark.parametrize("spends", [[0, 999, 1000, 4999, 5000, 12_000, 100]])
async def test_everyone_is_raised_at_night_to_where_each_would_be_at_once(store, spends):
    from core.tiers.ladder import three_tiers

    from tessera.tiers.service.counting import count, highest_met
    from tessera.tiers.service.defined import first_tier, tiers
    from tessera.tiers.service.preview import would_be
    from tessera.tiers.service.rising import raise_everyone

    people = [await create_member(NewMember(name=f"M{n}", store=store)) for n in range(len(spends))]
    for who, yuan in zip(people, spends, strict=True):
        for part in range(3):
            await sell(who, yuan // 3 + (yuan % 3 if part == 0 else 0), f"{who}-{part}")
    await three_tiers()
    planned = await would_be(tiers())
    await raise_everyone()
    counted = [await count(who, ["spend", "visits"], date(2025, 11, 21), date(2026, 11, 21)) for who in people]
    expected = [(highest_met(tiers(), one) or first_tier()).code for one in counted]
    assert [await tier(who) for who in people] == expected
    assert [planned[one.rank] for one in tiers()] == [expected.count(one.code) for one in tiers()]
