"""Cuts put together: the best for the member, never more than the basket, whatever the order of the answers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.purchases.service.pricing import combine, spread, standing_apart
from tessera.purchases.service.shares import shares
from tessera_hooks import Claim, PriceCut, Text


def cut(amount: int, code: str | None = None, *, stacks: bool = True, **more: object) -> PriceCut:
    claim = Claim("dummy.voucher", code) if code else None
    return PriceCut(kind="dummy.cut", title=Text(code or "tier"), amount=amount, claim=claim, stacks=stacks, **more)


AMOUNTS = st.integers(0, 200)


@st.composite
def answers(draw: st.DrawFn) -> list[PriceCut]:
    codes = draw(st.lists(st.sampled_from("ABCDEF"), unique=True, max_size=5))
    held = [cut(draw(AMOUNTS), code, stacks=draw(st.booleans())) for code in codes]
    return held + [cut(draw(AMOUNTS), stacks=draw(st.booleans())) for _n in range(draw(st.integers(0, 2)))]


@given(AMOUNTS, answers())
def test_cuts_never_take_more_than_the_basket(amount: int, cuts: list[PriceCut]) -> None:
    assert 0 <= combine(amount, cuts).amount <= amount


@given(AMOUNTS, answers())
def test_nothing_that_may_be_combined_is_better_for_the_member(amount: int, cuts: list[PriceCut]) -> None:
    together = sum(one.amount for one in cuts if one.stacks)
    alone = max((one.amount for one in cuts if not one.stacks), default=0)
    assert combine(amount, cuts).amount == min(amount, max(together, alone))


@given(AMOUNTS, answers(), st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(amount: int, cuts: list[PriceCut], random: object) -> None:
    mixed = list(cuts)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert combine(amount, mixed) == combine(amount, cuts)


@given(AMOUNTS, answers())
def test_what_is_held_out_is_used_or_refused_with_a_reason(amount: int, cuts: list[PriceCut]) -> None:
    combined = combine(amount, cuts)
    used = {one.claim for one in combined.cuts if one.claim}
    refused = {one.claim for one in combined.refused}
    assert used | refused == {one.claim for one in cuts if one.claim}
    assert not used & refused
    assert all(one.refused for one in combined.refused)


@given(AMOUNTS, answers())
def test_no_claim_is_used_up_for_nothing(amount: int, cuts: list[PriceCut]) -> None:
    assert all(one.amount > 0 for one in combine(amount, cuts).cuts)


def test_of_two_ways_worth_the_same_the_one_without_a_claim_is_taken() -> None:
    combined = combine(100, [cut(10, "solo", stacks=False), cut(10)])
    assert [one.claim for one in combined.cuts] == [None]
    assert str(combined.refused[0].refused) == 'this cannot be used together with "tier"'


def test_a_claim_that_finds_nothing_left_stays_unused() -> None:
    combined = combine(100, [cut(100), cut(30, "A")])
    assert [str(one.refused) for one in combined.refused] == ["nothing is left to lower"]


def test_one_that_stands_alone_is_named_among_several() -> None:
    solo = cut(10, "solo", stacks=False)
    assert standing_apart([cut(5, "A"), solo]) is solo
    assert standing_apart([solo]) is None


LINES = st.dictionaries(st.integers(1, 6), st.integers(0, 500), min_size=1)


@given(LINES, st.lists(st.tuples(AMOUNTS, st.dictionaries(st.integers(1, 8), AMOUNTS)), max_size=3))
def test_what_is_left_of_the_lines_adds_up_exactly(
    lines: dict[int, int], given_cuts: list[tuple[int, dict[int, int]]]
) -> None:
    cuts = combine(sum(lines.values()), [cut(amount, lines=on) for amount, on in given_cuts]).cuts
    left = spread(cuts, lines)
    assert sum(left.values()) == sum(lines.values()) - sum(one.amount for one in cuts)
    assert all(0 <= left[place] <= lines[place] for place in lines)


def test_what_a_cut_says_of_a_line_falls_on_it() -> None:
    assert spread([cut(50, lines={2: 50})], {1: 100, 2: 60}) == {1: 100, 2: 10}


@given(st.integers(0, 10_000), st.lists(st.integers(0, 100), min_size=1, max_size=8))
def test_shares_add_up_and_are_within_one_of_exact(amount: int, weights: list[int]) -> None:
    parts, total = shares(amount, weights), sum(weights)
    assert sum(parts) == (amount if total else 0)
    assert all(abs(part - Fraction(amount * w, total or 1)) < 1 for part, w in zip(parts, weights, strict=True))


@pytest.mark.parametrize(("amount", "parts"), [(100, [34, 33, 33]), (2, [1, 1, 0])])
def test_equal_remainders_go_to_the_first(amount: int, parts: list[int]) -> None:
    assert shares(amount, [1, 1, 1]) == parts
