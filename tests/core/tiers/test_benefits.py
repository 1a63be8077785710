"""What a tier brings at a till, what programs read of it, and how tiers are changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from core.tiers.ladder import sell, tier
from hypothesis import given
from hypothesis import strategies as st

from tessera.conditions import facts_of_member
from tessera.kernel import clock
from tessera.kernel.errors import Invalid
from tessera.kernel.plugins import PluginHost
from tessera.purchases.service import Buyer, claim_purchase
from tessera.tiers.benefits import cut_of
from tessera.tiers.service import by_hand
from tessera.tiers.service.changing import TierTaken, add_tier, change_tier, move_tier
from tessera.tiers.service.defined import Benefits, Criteria, tier_by_code, tiers
from tessera_hooks import AwardLine, Basket


def basket(member, code, amount, lines=()):
    return Basket(member=member, tier=code, store=None, at=clock.now(), currency="CNY", amount=amount, lines=lines)


async def test_gold_members_pay_90_percent_by_themselves(ana, ladder, plugin_host: PluginHost):
    answers = await plugin_host.participate("price_basket", store=None, basket=basket(ana, "gold", 995))
    (cut,) = [one for owner, given in answers if owner == "core" for one in given]
    assert (cut.kind, str(cut.title), cut.amount, cut.claim, cut.stacks) == (
        "tiers.discount", "Gold: 10 % off", 100, None, True,
    )  # fmt: skip


async def test_each_line_is_rounded_half_up_and_only_its_category_is_cheaper(ana, ladder):
    gives = Benefits(discount=Decimal("12.5"), categories=("Tea",))
    await change_tier("silver", {"en": "Silver"}, tone="", criteria=Criteria(asks={"spend": 1}), benefits=gives)
    lines = [
        AwardLine(None, category, Decimal(1), amount, place)
        for place, (category, amount) in enumerate([("tea", 4), ("Cups", 100), ("Tea", 3), (None, 50)], start=1)
    ]
    cut = cut_of(basket(ana, "silver", 157, lines))
    assert cut is not None
    assert (cut.lines, cut.amount) == ({1: 1}, 1)


async def test_a_sale_that_arrives_late_earns_by_the_tier_of_its_own_day(ana, ladder):
    before = clock.now()
    with clock.frozen(before + timedelta(days=2)):
        await sell(ana, 5_000)
    with clock.frozen(before + timedelta(days=4)):
        late = await sell(ana, 100, "R2", at=before + timedelta(days=1))
        own = await sell(ana, 100, "R3", at=before + timedelta(days=3))
        again = await sell(ana, 100, "R2", at=before + timedelta(days=1))
    assert [sale.points.earned for sale in (late, own, again)] == [100, 150, 100]
    assert [sale.tier.code for sale in (late, own, again)] == [None, "gold", None]


async def test_a_sale_that_is_claimed_earns_by_the_tier_of_its_own_day(ana, ladder):
    before = clock.now()
    sale = await sell(None, 100)
    with clock.frozen(before + timedelta(days=2)):
        await sell(ana, 5_000, "R2")
        claimed = await claim_purchase(sale.id, Buyer(id=ana))
    assert (claimed.points.earned, await tier(ana)) == (100, "gold")


async def test_nobody_and_tiers_without_a_discount_pay_the_price(ana, ladder):
    assert [cut_of(basket(ana, None, 100)), cut_of(basket(ana, "silver", 100)), cut_of(basket(None, "gold", 9))] == [
        None, None, None,
    ]  # fmt: skip


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=9), st.decimals(0, 100, places=2))
def test_the_lines_add_up_and_each_is_within_half_a_minor_unit(amounts, percent):
    from tessera.tiers import benefits

    gives = Benefits(discount=percent)
    parts = [benefits._part(amount, gives) for amount in amounts]
    off = [abs(part - amount * Fraction(percent) / 100) for part, amount in zip(parts, amounts, strict=True)]
    assert max(off) <= Fraction(1, 2)
    assert all(0 <= part <= amount for part, amount in zip(parts, amounts, strict=True))


async def test_points_count_more_from_the_purchase_after_the_tier_was_reached(ana, ladder):
    first = await sell(ana, 5000)
    second = await sell(ana, 100, "R2")
    assert (first.points.earned, second.points.earned) == (5000, 150)


async def test_conditions_may_ask_for_the_tier(ana, ladder):
    names = ["tier.code", "tier.rank", "tier.days_left"]
    before = await facts_of_member(ana, names)
    await by_hand.set_tier(ana, "gold", reason="gift", last_day=date(2026, 11, 30))
    after = await facts_of_member(ana, names)
    assert [[facts[name] for name in names] for facts in (before, after)] == [["basic", 0, None], ["gold", 2, 11]]


async def test_tiers_change_places_and_members_keep_what_they_have(ana, ladder):
    await sell(ana, 5000)
    await move_tier("silver", up=True)
    assert [one.code for one in tiers()] == ["basic", "gold", "silver", "diamond"]
    assert await tier(ana) == "gold"


async def test_a_code_is_made_of_the_name_and_none_is_given_twice(store):
    made = [await add_tier({"zh_Hans": "金卡"}), await add_tier({"zh_Hans": "钻石"}), await add_tier({"en": "Gold 1"})]
    assert [one.code for one in made] == ["tier-2", "tier-3", "gold-1"]
    with pytest.raises(TierTaken):
        await add_tier({"en": "Again"}, code="gold-1")


@pytest.mark.parametrize(
    ("criteria", "benefits", "field"),
    [
        (Criteria(asks={"spent": 5}), Benefits(), "spent"),
        (Criteria(asks={"spend": 0}), Benefits(), "spend"),
        (Criteria(), Benefits(discount=Decimal(101)), "discount"),
        (Criteria(), Benefits(multiplier=Decimal(0)), "multiplier"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_field(store, criteria, benefits, field):
    with pytest.raises(Invalid) as refused:
        await add_tier({"en": "Gold"}, criteria=criteria, benefits=benefits)
    assert [error.field for error in refused.value.errors] == [field]


async def test_the_first_tier_may_be_called_otherwise_and_asks_for_nothing(store):
    asked = Criteria(asks={"spend": 5})
    await change_tier("basic", {"en": "Friend"}, tone="", criteria=asked, benefits=Benefits(discount=Decimal(5)))
    first = tier_by_code("basic")
    assert (first.title, first.criteria.asks, first.benefits.discount) == ("Friend", {}, 5)
