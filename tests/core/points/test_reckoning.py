"""How many points rules give: rates, rounding, lines, factors, and when a rule is about a purchase at all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor, prod
from zoneinfo import ZoneInfo

import pytest
from core.points.people import START, Holder
from core.points.rules_made import award, line, per, times, version
from hypothesis import given
from hypothesis import strategies as st

from tessera.kernel.business import set_setting
from tessera.kernel.ids import uuid7
from tessera.members.service import standing
from tessera.members.service.standing import TierMark
from tessera.points.earning.known import NOTHING, Known
from tessera.points.earning.reckoning import reckon
from tessera.points.earning.rules import in_force
from tessera_hooks import Award, Compare, Fixed, Hours, PerAmount, Rate

ANA = Holder(uuid7(), uuid7())
SHANGHAI = ZoneInfo("Asia/Shanghai")


def points(a: Award, *rules: object, known: Known = NOTHING, answers: tuple[Fraction, ...] = ()) -> list[int]:
    return [w.points for w in reckon(a, rules, known, [("core", f) for f in answers])]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minor", "currency", "earned"),
    [(12_50, "CNY", [12]), (99, "CNY", []), (-5_00, "CNY", []), (1234, "JPY", [1234]), (5_999, "KWD", [5])],
)
async def test_each_whole_unit_of_currency_brings_a_point_in_a_new_business(
    business: None, minor: int, currency: str, earned: list[int]
) -> None:
    assert points(award(ANA, minor, currency=currency), *in_force(START, None)) == earned


async def test_the_rate_of_a_new_business_is_a_setting_for_all_or_for_one_currency(business: None) -> None:
    await set_setting("points.per_unit", "0.1")
    await set_setting("points.per_unit.JPY", "0.01")
    assert points(award(ANA, 120_00), *in_force(START, None)) == [12]
    assert points(award(ANA, 1999, currency="JPY"), *in_force(START, None)) == [19]


async def test_a_currency_that_a_rule_does_not_name_earns_nothing_by_it(business: None) -> None:
    assert points(award(ANA, 5000, currency="JPY"), version(earns=per(currency="CNY"))) == []


async def test_factors_of_plugins_and_rules_are_multiplied_exactly_and_rounded_once(business: None) -> None:
    one = version(earns=per())
    assert points(award(ANA, 100_00), one, answers=(Fraction(115, 100), Fraction(2))) == [230]
    assert points(award(ANA, 100_00), one, answers=(Fraction(115, 100),)) == [115]
    assert points(award(ANA, 12_50), one, version("double", earns=times("2"))) == [25]


@pytest.mark.parametrize(("rounding", "earned"), [("down", [1]), ("half_up", [2]), ("up", [2])])
async def test_rounding_is_as_the_rule_states(business: None, rounding: str, earned: list[int]) -> None:
    assert points(award(ANA, 15_00), version(earns=per(each="10", rounding=rounding))) == earned


@pytest.mark.parametrize(("by", "earned"), [("purchase", [3]), ("line", [2])])
async def test_a_rule_rounds_for_the_purchase_or_for_each_line(business: None, by: str, earned: list[int]) -> None:
    a = award(ANA, 30_00, line(15_00), line(15_00))
    assert points(a, version(earns=per(each="10", by=by))) == earned


async def test_full_steps_only_leave_the_rest_without_points(business: None) -> None:
    assert points(award(ANA, 199_00), version(earns=per("5", "100", full=True))) == [5]
    assert points(award(ANA, 199_00), version(earns=per("5", "100"))) == [9]


async def test_only_the_lines_of_a_category_count_with_their_share_of_what_was_paid(business: None) -> None:
    a = award(ANA, 80_00, line(60_00, "Coffee"), line(40_00, "Cake"))  # 20 % off the whole
    assert points(a, version(earns=per(), categories=("coffee",))) == [48]
    assert points(a, version(earns=per(), not_categories=("COFFEE ",))) == [32]


async def test_a_gtin_is_the_same_in_whatever_length_it_is_written(business: None) -> None:
    a = award(ANA, 30_00, line(10_00, sku="0012345678905"), line(20_00, sku="other"))
    assert points(a, version(earns=per(), skus=("012345678905",))) == [10]
    assert points(a, version(earns=per(), not_skus=("012345678905",))) == [20]


async def test_a_factor_for_a_category_multiplies_its_lines_alone(business: None) -> None:
    a = award(ANA, 100_00, line(60_00, "coffee"), line(40_00, "cake"))
    assert points(a, version(earns=per()), version("double", earns=times("2"), categories=("coffee",))) == [160]


async def test_fixed_points_are_multiplied_by_nothing(business: None) -> None:
    rules = version("welcome", earns=Fixed(50)), version("double", earns=times("2"))
    assert points(award(ANA, 1_00), *rules, answers=(Fraction(3),)) == [50]


async def test_what_points_have_paid_for_earns_nothing(business: None) -> None:
    rules = version(earns=per()), version("welcome", earns=Fixed(50))
    assert points(award(ANA, 0, line(60_00, "coffee")), *rules) == []
    assert points(award(ANA, 30_00, line(60_00, "coffee")), *rules) == [30, 50]


async def test_fixed_points_for_goods_need_such_goods(business: None) -> None:
    rule = version(earns=Fixed(5), categories=("coffee",))
    assert points(award(ANA, 10_00, line(10_00, "cake")), rule) == []
    assert points(award(ANA, 10_00), rule) == []


@pytest.mark.parametrize(
    ("at", "said", "counts"),
    [
        (datetime(2026, 3, 11, 9, tzinfo=SHANGHAI), {"weekdays": (3,)}, True),
        (datetime(2026, 3, 11, 1, tzinfo=UTC).astimezone(SHANGHAI), {"weekdays": (2,)}, False),
        (datetime(2026, 3, 11, 14, 0, tzinfo=SHANGHAI), {"hours": (Hours("14:00", "17:00"),)}, True),
        (datetime(2026, 3, 11, 17, 0, tzinfo=SHANGHAI), {"hours": (Hours("14:00", "17:00"),)}, False),
        (datetime(2026, 3, 11, 0, 30, tzinfo=SHANGHAI), {"hours": (Hours("22:00", "02:00"),)}, True),
        (datetime(2026, 3, 11, 12, 0, tzinfo=SHANGHAI), {"hours": (Hours("22:00", "02:00"),)}, False),
    ],
)
async def test_weekdays_and_hours_are_those_of_the_store(
    business: None, at: datetime, said: dict[str, object], counts: bool
) -> None:
    assert points(award(ANA, 10_00, at=at), version(earns=per(), **said)) == ([10] if counts else [])


async def test_tiers_and_stores_are_named_by_their_codes(store: object) -> None:
    gold, here = version(earns=per(), tiers=("gold",)), version(earns=per(), stores=("MAIN",))
    assert points(award(ANA, 10_00, tier="gold"), gold, here) == [10]
    assert points(award(ANA, 10_00, store=store), gold, here) == [10]
    assert points(award(ANA, 10_00), gold, here) == []


async def test_the_tier_that_members_begin_with_has_a_code_too(business: None, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = [TierMark("basic", "Basic", "gray", None), TierMark("gold", "Gold", "yellow", "gold")]
    monkeypatch.setattr(standing, "_readers", [lambda: marks])
    rule = version(earns=per(), tiers=("basic",))
    assert points(award(ANA, 10_00), rule) == [10]
    assert points(award(ANA, 10_00, tier="gold"), rule) == []


async def test_a_birthday_counts_in_its_month_or_on_its_day(business: None) -> None:
    month, day = version(earns=per(), birthday="month"), version(earns=per(), birthday="day")
    assert points(award(ANA, 10_00), month, day, known=Known(birthday=date(2026, 3, 10))) == [10, 10]
    assert points(award(ANA, 10_00), month, day, known=Known(birthday=date(2026, 3, 31))) == [10]
    assert points(award(ANA, 10_00), month, day, known=Known(birthday=date(2027, 3, 2))) == []
    assert points(award(ANA, 10_00), month, day) == []


async def test_a_condition_asks_what_is_known_of_the_member(business: None) -> None:
    rule = version(earns=per(), condition=Compare("purchases.count", ">=", 3))
    assert points(award(ANA, 10_00), rule, known=Known(facts={"purchases.count": Decimal(3)})) == [10]
    assert points(award(ANA, 10_00), rule, known=Known(facts={"purchases.count": Decimal(2)})) == []


AMOUNTS = st.lists(st.integers(0, 50_000), max_size=4)
FACTORS = st.fractions(0, 5, max_denominator=20)
RATES = st.tuples(st.integers(0, 20), st.integers(1, 20))


@given(
    amounts=AMOUNTS,
    paid=st.fractions(0, 1, max_denominator=10),
    rates=st.lists(RATES, max_size=3),
    f=FACTORS,
    g=FACTORS,
)
async def test_what_is_earned_is_the_sum_of_rules_times_the_product_of_factors_each_rounded_once(
    business: None,
    amounts: list[int],
    paid: Fraction,
    rates: list[tuple[int, int]],
    f: Fraction,
    g: Fraction,
) -> None:
    base = floor(sum(amounts) * paid)
    rules = [
        version(f"rule{n}", earns=PerAmount((Rate(Decimal(p), Decimal(each)),))) for n, (p, each) in enumerate(rates)
    ]
    exact = [Fraction(base, 100) * Fraction(p, each) * prod((f, g)) for p, each in rates]
    earned = points(award(ANA, base, *[line(a) for a in amounts]), *rules, answers=(f, g))
    assert earned == [floor(e) for e in exact if floor(e) > 0]
