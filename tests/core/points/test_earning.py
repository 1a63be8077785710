"""Earning by rules: entries and what they say, versions by date, caps in a race, previews, returns."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import asyncpg
import pytest
from core.points.people import START, Holder, earn_for
from core.points.rules_made import award, in_force, line, per, times
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel import clock, generation
from tessera.kernel.business import set_setting
from tessera.kernel.database import execute, fetch, fetchval, in_transaction
from tessera.kernel.errors import Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.points import public, service
from tessera.points.earning import changing
from tessera.points.earning.rules import PER_AMOUNT
from tessera_hooks import Award, Compare, EarningSpec, Fixed, PerAmount


async def earned(holder: Holder, given: Award, purchase: Any = None) -> dict[str, int]:
    entries = await service.earn(service.Earning(holder.account, given, purchase or uuid7()))
    return {str(entry.rule): entry.amount for entry in entries}


async def test_each_rule_books_an_entry_of_its_own_and_one_event_tells_of_all(ana: Holder) -> None:
    code = await in_force("Weekend", Fixed(5))
    assert await earned(ana, award(ana, 100_00)) == {PER_AMOUNT: 100, code: 5}
    told = await fetch("SELECT payload FROM event WHERE kind = 'points.earned'")
    assert [row["payload"]["points"] for row in told] == [105]
    assert await service.verify() == []


async def test_an_entry_names_its_rule_and_the_version_of_it(ana: Holder) -> None:
    await changing.change_rule(PER_AMOUNT, 1, "Points", EarningSpec(earns=per("2")))
    await earn_for(ana, 10)
    (entry,) = await service.entries(ana.member)
    assert (entry.rule, entry.rule_version, entry.amount) == (PER_AMOUNT, 2, 20)


async def test_a_purchase_of_before_a_change_earns_by_the_version_of_its_time(ana: Holder) -> None:
    with clock.frozen(START + timedelta(days=10)):
        await changing.change_rule(PER_AMOUNT, 1, "Points", EarningSpec(earns=per("3")))
    with clock.frozen(START + timedelta(days=20)):
        await changing.switch(PER_AMOUNT, on=False)
        assert await earned(ana, award(ana, 10_00, at=START)) == {PER_AMOUNT: 10}
        assert await earned(ana, award(ana, 10_00, at=START + timedelta(days=15))) == {PER_AMOUNT: 30}
        assert await earned(ana, award(ana, 10_00, at=START + timedelta(days=21))) == {}


async def test_a_rule_that_is_switched_on_today_earns_nothing_for_yesterday(ana: Holder) -> None:
    await changing.switch("points.first_purchase", on=True)
    assert await earned(ana, award(ana, 10_00, at=START - timedelta(days=1))) == {PER_AMOUNT: 10}
    assert await earned(ana, award(ana, 10_00)) == {PER_AMOUNT: 10, "points.first_purchase": 100}


async def test_a_rule_counts_from_its_first_day_through_its_last_in_the_business_s_zone(ana: Holder) -> None:
    day = date(2026, 3, 11)
    code = await in_force("One day", Fixed(5), starts_on=day, ends_on=day)
    moments = [datetime(2026, 3, 10, 15, 59), datetime(2026, 3, 10, 16), datetime(2026, 3, 11, 15, 59)]
    found = [code in await earned(ana, award(ana, 1_00, at=at.replace(tzinfo=UTC))) for at in moments]
    assert found == [False, True, True]
    assert code not in await earned(ana, award(ana, 1_00, at=datetime(2026, 3, 11, 16, tzinfo=UTC)))


async def test_a_cap_a_day_counts_what_the_rule_has_given_on_that_day(ana: Holder) -> None:
    code = await in_force("Coffee", per("1"), categories=("coffee",), most_per_day=50)
    coffee = [award(ana, 30_00, line(30_00, "coffee")) for _ in range(3)]
    assert [(await earned(ana, one)).get(code) for one in coffee] == [30, 20, None]
    tomorrow = award(ana, 30_00, line(30_00, "coffee"), at=START + timedelta(days=1))
    assert (await earned(ana, tomorrow))[code] == 30


async def test_a_cap_for_each_member_counts_all_of_their_accounts(ana: Holder) -> None:
    code = await in_force("Welcome weeks", per("1"), most_per_member=80)
    second = uuid7()
    await execute("INSERT INTO account (id, member, created_at) VALUES ($1, $2, $3)", second, ana.member, START)
    await earned(ana, award(ana, 50_00))
    entries = await service.earn(service.Earning(second, award(ana, 50_00), uuid7()))
    assert {str(e.rule): e.amount for e in entries}[code] == 30


async def test_of_many_at_once_a_cap_lets_through_exactly_what_it_allows(ana: Holder) -> None:
    code = await in_force("Coffee", Fixed(7), most_per_day=50)
    await asyncio.gather(*[earned(ana, award(ana, 1_00)) for _ in range(12)])
    assert await fetchval("SELECT sum(amount) FROM entry WHERE rule = $1", code) == 50
    assert await service.verify() == []


async def test_of_many_first_purchases_at_once_one_is_the_first(ana: Holder) -> None:
    await changing.switch("points.first_purchase", on=True)
    await asyncio.gather(*[earned(ana, award(ana, 1_00)) for _ in range(8)])
    assert await fetchval("SELECT count(*) FROM entry WHERE rule = 'points.first_purchase'") == 1


async def test_many_awards_of_one_import_share_the_caps(ana: Holder) -> None:
    code = await in_force("Coffee", Fixed(30), most_per_day=50)
    booked = await service.earn_many([service.Earning(ana.account, award(ana, 1_00), uuid7()) for _ in range(3)])
    assert [[e.amount for e in entries if e.rule == code] for entries in booked] == [[30], [20], []]


async def test_what_was_reversed_leaves_room_again(ana: Holder) -> None:
    code = await in_force("Coffee", Fixed(30), most_per_day=30)
    entries = await service.earn(service.Earning(ana.account, award(ana, 1_00), uuid7()))
    entry = next(e for e in entries if e.rule == code)
    assert code not in await earned(ana, award(ana, 1_00))
    await in_transaction(lambda: public.reverse(entry.id, reason="rung up twice", source="till"))
    assert (await earned(ana, award(ana, 1_00)))[code] == 30


async def test_birthdays_and_conditions_are_fetched_in_one_statement(ana: Holder, monkeypatch: Any) -> None:
    await execute("UPDATE member SET birth_month = 3, birth_day = 1 WHERE id = $1", ana.member)
    await changing.switch("points.birthday_month", on=True)
    code = await in_force("Fresh", Fixed(5), condition=Compare("member.stage", "==", "new"))
    assert await earned(ana, award(ana, 10_00)) == {PER_AMOUNT: 20, code: 5}
    known = await service.look(award(ana, 10_00))
    assert known is not None
    assert (known.birthday, known.facts) == (date(2026, 3, 1), {"member.stage": "new"})


async def test_without_such_rules_nothing_is_asked_of_the_member(ana: Holder) -> None:
    await in_force("Gold", per(), tiers=("gold",), birthday="month")
    assert await service.look(award(ana, 10_00)) is None


@pytest.mark.parametrize(("year", "kept"), [(2027, date(2027, 2, 28)), (2028, date(2028, 2, 29))])
async def test_who_was_born_on_29_february_has_a_birthday_every_year(ana: Holder, year: int, kept: date) -> None:
    await execute("UPDATE member SET birth_month = 2, birth_day = 29 WHERE id = $1", ana.member)
    code = await in_force("Birthday", Fixed(9), birthday="day")
    at = datetime(kept.year, kept.month, kept.day, 4, tzinfo=UTC)
    assert code in await earned(ana, award(ana, 1_00, at=at))
    assert code not in await earned(ana, award(ana, 1_00, at=at - timedelta(days=1)))


async def test_a_lunar_birthday_moves_from_month_to_month(ana: Holder) -> None:
    await execute(
        "UPDATE member SET lunar_month = 8, lunar_day = 15, lunar_leap = false WHERE id = $1", ana.member
    )  # 25 September 2026, 15 September 2027, 3 October 2028
    code = await in_force("Birthday", Fixed(9), birthday="month")
    months = [(2026, 9), (2027, 9), (2028, 10)]
    found = [code in await earned(ana, award(ana, 1_00, at=datetime(y, m, 2, tzinfo=UTC))) for y, m in months]
    assert found == [True, True, True]
    assert code not in await earned(ana, award(ana, 1_00, at=datetime(2028, 9, 20, tzinfo=UTC)))


RULES = st.lists(
    st.one_of(
        st.builds(
            lambda p, cap: EarningSpec(earns=per(str(p)), most_per_day=cap),
            st.integers(1, 5),
            st.none() | st.integers(1, 90),
        ),
        st.builds(
            lambda p, cap: EarningSpec(earns=Fixed(p), most_per_member=cap),
            st.integers(1, 50),
            st.none() | st.integers(1, 90),
        ),
        st.builds(lambda f: EarningSpec(earns=times(str(f)), categories=("coffee",)), st.integers(1, 3)),
        st.just(EarningSpec(earns=Fixed(11), first_purchase=True)),
    ),
    max_size=3,
)


@given(specs=RULES, amounts=st.lists(st.integers(0, 9_000), min_size=1, max_size=4))
async def test_a_preview_tells_exactly_what_is_booked_then(
    business: None, holder: Any, specs: list[EarningSpec], amounts: list[int]
) -> None:
    await execute("TRUNCATE earning_rule")
    await generation.reread()
    for number, spec in enumerate(specs):
        await changing.add_rule(f"Rule {number}", spec)
    ben = await holder()
    for amount in amounts:
        bought = award(ben, amount, line(amount, "coffee"), line(500, "cake"))
        expected = {one.rule: (one.points, str(one.explanation)) for one in await service.would_earn(bought)}
        entries = await service.earn(service.Earning(ben.account, bought, uuid7()))
        read = {e.id: e for e in await service.entries(ben.member)}
        assert {str(e.rule): (e.amount, str(service.explain(read[e.id]))) for e in entries} == expected


async def test_a_preview_writes_nothing(ana: Holder) -> None:
    await in_force("Coffee", Fixed(7), most_per_day=50)
    assert [one.points for one in await service.would_earn(award(ana, 10_00))] == [10, 7]
    assert await service.entries(ana.member) == []


async def test_an_explanation_names_rule_version_rate_factors_and_cap(
    ana: Holder, plugin_host: PluginHost, monkeypatch: Any
) -> None:
    spec = EarningSpec(earns=per("1", "2"), most_per_day=100)
    await changing.change_rule(PER_AMOUNT, 1, "Points", spec)
    await in_force("Birthday", times("2"))
    monkeypatch.setattr(plugin_host, "answers", lambda hook, store=None, **facts: [("core", Fraction(3, 2))])
    (told,) = await service.would_earn(award(ana, 100_00, tier="gold"))
    assert str(told.explanation) == (
        "Points (version 2): 1 for each ¥2.00 of ¥100.00, Birthday ×2, tier gold ×1.5; "
        "100 instead of 150, for it gives at most 100 a day"
    )


async def test_partial_returns_of_a_purchase_with_several_rules_add_up_to_all_it_earned(ana: Holder) -> None:
    await in_force("Extra", Fixed(5))
    purchase = uuid7()
    await earned(ana, award(ana, 98_00), purchase)
    taken = [
        (await service.take_back(service.Returned(purchase, uuid7(), ana.member, Fraction(n, 3), START))).points
        for n in (1, 2, 3)
    ]
    assert taken == [34, 34, 35]
    assert (await service.balances(ana.member))["points"].balance == 0
    assert await service.verify() == []


async def test_a_version_is_never_changed_in_the_database(ana: Holder) -> None:
    await in_force("Coffee", Fixed(7))
    with pytest.raises(asyncpg.PostgresError, match="never changed"):
        await execute("UPDATE earning_rule SET title = 'Tea'")


async def test_whoever_looked_at_an_older_version_is_told_so(ana: Holder) -> None:
    await changing.change_rule(PER_AMOUNT, 1, "Points", EarningSpec(earns=per("2")))
    with pytest.raises(changing.EarningRuleStale):
        await changing.change_rule(PER_AMOUNT, 1, "Points", EarningSpec(earns=per("3")))
    assert [v.version for v in await changing.history(PER_AMOUNT)] == [2, 1]


async def test_the_first_change_keeps_the_rate_that_was_a_setting_as_version_1(ana: Holder) -> None:
    await set_setting("points.per_unit", "0.5")
    with clock.frozen(START + timedelta(days=1)):
        await changing.change_rule(PER_AMOUNT, 1, "Points", EarningSpec(earns=per("2")))
    assert await earned(ana, award(ana, 10_00)) == {PER_AMOUNT: 5}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (EarningSpec(earns=Fixed(0)), "points"),
        (EarningSpec(earns=times("101")), "factor"),
        (EarningSpec(earns=PerAmount(())), "points"),
        (EarningSpec(earns=per(each="0")), "per"),
        (EarningSpec(earns=times("2"), most_per_day=5), "most_per_day"),
        (EarningSpec(earns=Fixed(1), stores=("nowhere",)), "stores"),
        (EarningSpec(earns=Fixed(1), weekdays=(8,)), "weekdays"),
        (EarningSpec(earns=Fixed(1), starts_on=date(2026, 2, 2), ends_on=date(2026, 2, 1)), "ends_on"),
        (EarningSpec(earns=per(), deed="own_cup"), "deed"),
        (EarningSpec(earns=Fixed(1), condition=Compare("no.such", "==", 1)), "condition"),
    ],
)
async def test_a_rule_that_cannot_be_followed_is_refused_by_field(ana: Holder, spec: EarningSpec, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await changing.add_rule("Rule", spec)
    assert [error.field for error in refused.value.errors] == [field]


async def test_a_plugin_s_rule_waits_to_be_switched_on(business: None, plugin_host: PluginHost) -> None:
    assert {d.value.name for d in plugin_host.declared("earning_rules") if d.plugin == "dummy"} == {"cheered"}
    shipped = changing.rule("dummy.cheered")
    assert (shipped.enabled, shipped.version) == (False, 0)
    assert (await changing.switch("dummy.cheered", on=True)).enabled
