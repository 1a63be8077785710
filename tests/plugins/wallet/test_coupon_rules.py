"""Codes of coupons, and what a coupon takes off a basket: pure, so that a preview and a sale agree."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera_hooks import AwardLine
from tessera_wallet.coupons import codes
from tessera_wallet.coupons.contract import Kind
from tessera_wallet.coupons.judging import judge, spread

# --- codes -------------------------------------------------------------------------------------------


def test_a_code_has_more_than_sixty_bits_and_no_letter_that_is_mistaken():
    assert len(codes.ALPHABET) ** (codes.LENGTH - 1) > 2**60
    assert not set("01ILO") & set(codes.ALPHABET)
    assert len({codes.new_code() for _code in range(500)}) == 500


@given(st.integers(0, 14), st.sampled_from(codes.ALPHABET))
def test_every_wrong_character_shows(place, other):
    code = codes.new_code()
    wrong = code[:place] + other + code[place + 1 :]
    assert codes.is_well_formed(wrong) is (wrong == code)


@given(st.integers(0, 14))
def test_two_that_changed_places_show(place):
    code = codes.new_code()
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert codes.is_well_formed(swapped) is (swapped == code)


def test_a_code_is_read_as_it_is_typed_or_scanned():
    code = codes.new_code()
    assert codes.kept(codes.shown(code).lower()) == codes.kept(f" {code} ") == code
    assert len(codes.shown(code)) == 19
    assert codes.shown("SUMMER") == "SUMMER"


# --- what a coupon takes off -------------------------------------------------------------------------


def kind(**more: object) -> Kind:
    return Kind(id=UUID(int=1), code="k", title="K", currency="CNY", **{"gives": "amount", "amount": 10_00, **more})


def line(amount: int, sku: str = "cup", category: str = "ware", quantity: str = "1", place: int = 1) -> AwardLine:
    return AwardLine(sku, category, Decimal(quantity), amount, place)


SHARE = {"gives": "percent", "amount": 0}
GIFT = {"gives": "gift", "amount": 0, "gift": "A cup"}


@pytest.mark.parametrize(
    ("coupon", "amount", "lines", "off"),
    [
        (kind(), 100_00, [], 10_00),
        (kind(), 4_00, [], 4_00),
        (kind(**SHARE, percent=20), 99_99, [], 19_99),
        (kind(**SHARE, percent=100), 99_99, [], 99_99),
        (kind(**SHARE, percent=20, cap=5_00), 99_99, [], 5_00),
        (kind(minimum=100_00), 100_00, [], 10_00),
        (kind(skus=["cup"]), 100_00, [line(6_00), line(94_00, "pot", place=2)], 6_00),
        (kind(categories=["ware"]), 100_00, [line(30_00), line(70_00, "tea", "tea", place=2)], 10_00),
        (kind(**GIFT, skus=["cup"]), 100_00, [line(60_00, quantity="3"), line(40_00, "pot", place=2)], 20_00),
        (kind(**GIFT), 100_00, [], 0),
    ],
)
def test_a_coupon_takes_off_what_it_says_and_never_more_than_what_it_holds_for(coupon, amount, lines, off):
    judged = judge(coupon, amount, lines, None, "CNY")
    assert (judged.amount, judged.refused) == (off, None)


@pytest.mark.parametrize(
    ("coupon", "why"),
    [
        (kind(minimum=200_00), "from ¥200.00 on"),
        (kind(skus=["pot"]), "it holds for other articles"),
        (kind(stores=[UUID(int=9)]), "it does not hold in this store"),
        (kind(skus=["cup"], minimum=50_00), "from ¥50.00 on"),
    ],
)
async def test_what_does_not_hold_says_why_in_words(business, coupon, why):
    assert str(judge(coupon, 100_00, [line(40_00), line(60_00, "tea", "tea", place=2)], None, "CNY").refused) == why


def test_a_coupon_holds_in_its_currency_only():
    assert str(judge(kind(), 100_00, [], None, "JPY").refused) == "it holds in CNY"


amounts = st.integers(-500_00, 500_00)


@given(
    st.lists(amounts, max_size=6), st.integers(1, 100), st.integers(1, 300_00), st.sampled_from(["amount", "percent"])
)
def test_coupon_larger_than_the_order_never_leaves_less_than_nothing_to_pay__mall_1002(parts, percent, fixed, gives):
    lines = [line(amount, place=place) for place, amount in enumerate(parts, start=1)]
    for limited in ([], ["cup"]):
        coupon = kind(gives=gives, amount=fixed, percent=percent, skus=limited)
        judged = judge(coupon, sum(parts), lines, None, "CNY")
        most = sum(part for part in parts if part > 0) if limited else max(0, sum(parts))
        assert 0 <= judged.amount <= most
        assert sum(judged.lines.values()) in (0, judged.amount)
        assert all(taken <= parts[place - 1] for place, taken in judged.lines.items())


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.data())
def test_what_falls_on_lines_adds_up_and_never_exceeds_one(parts, data):
    off = data.draw(st.integers(0, sum(parts)))
    taken = spread(off, [line(amount, place=place) for place, amount in enumerate(parts, start=1)])
    assert sum(taken.values()) == off
    assert all(0 <= taken[place] <= amount for place, amount in enumerate(parts, start=1))
