"""The arithmetic of terms, holds and refunds."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera_wallet.memberships.terms import (
    DAY,
    Term,
    after_months,
    by_year,
    days_within,
    end_of,
    lengths,
    used_days,
    value_left,
)

days = st.dates(date(2023, 1, 1), date(2028, 12, 31))
units = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 400)),
    st.tuples(st.just("months"), st.integers(1, 24)),
    st.tuples(st.just("years"), st.integers(1, 3)),
)


def last_day(begin: date, months: int) -> date:
    return after_months(begin, months) - DAY


@pytest.mark.parametrize(
    ("begin", "months", "last"),
    [
        (date(2026, 1, 15), 1, date(2026, 2, 14)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
    ],
)
def test_a_term_of_months_ends_the_day_before_the_same_day_or_with_the_month(begin, months, last):
    assert last_day(begin, months) == last


def test_a_leap_day_lies_within_a_year():
    assert lengths(date(2024, 1, 1), [("years", 1)]) == [366]
    assert lengths(date(2025, 1, 1), [("years", 1)]) == [365]


def test_renewals_do_not_drift_through_short_months():
    assert lengths(date(2026, 1, 31), [("months", 1), ("months", 1)]) == [29, 30]
    assert date(2026, 1, 31) + timedelta(days=29 + 30) - DAY == date(2026, 3, 30)


@given(days, st.lists(units, min_size=1, max_size=6))
def test_terms_follow_one_another_without_a_gap(begin, terms):
    found = lengths(begin, terms)
    assert all(n >= 1 for n in found)
    assert [lengths(begin, terms[: i + 1])[:i] for i in range(len(terms))] == [found[:i] for i in range(len(terms))]


@given(days, st.integers(1, 60))
def test_months_begun_one_by_one_are_months_begun_at_once(begin, months):
    assert sum(lengths(begin, [("months", 1)] * months)) == lengths(begin, [("months", months)])[0]


@st.composite
def held_membership(draw):
    """A first day, terms with their days, and holds within them that do not overlap."""
    begin = draw(days)
    chosen = draw(st.lists(units, min_size=1, max_size=3))
    prices = [draw(st.integers(0, 10**7)) for _term in chosen]
    terms = [
        Term(unit, n, price, length)
        for (unit, n), price, length in zip(chosen, prices, lengths(begin, chosen), strict=True)
    ]
    holds: list[tuple[date, date]] = []
    at = begin
    for gap, long in draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), max_size=4)):
        since = at + timedelta(days=gap)
        if since > end_of(begin, terms, holds):
            break
        holds.append((since, since + timedelta(days=long - 1)))
        at = holds[-1][1] + DAY
    return begin, terms, holds


@given(held_membership())
def test_the_end_is_later_by_exactly_the_days_of_the_holds(made):
    begin, terms, holds = made
    held = sum((until - since).days + 1 for since, until in holds)
    assert (end_of(begin, terms, holds) - end_of(begin, terms, [])).days == held


@given(held_membership())
def test_whoever_holds_can_use_as_many_days_as_were_paid(made):
    begin, terms, holds = made
    last = end_of(begin, terms, holds)
    usable = (last - begin).days + 1 - days_within(holds, begin, last)
    assert usable == sum(term.days for term in terms)


@given(held_membership(), st.integers(-5, 2000))
def test_what_is_left_never_grows_and_is_never_more_than_was_paid(made, n):
    begin, terms, holds = made
    day = begin + timedelta(days=n)
    paid = sum(term.price for term in terms)
    assert 0 <= value_left(begin, terms, holds, day + DAY) <= value_left(begin, terms, holds, day) <= paid


@given(held_membership())
def test_all_is_left_on_the_first_day_and_nothing_after_the_last(made):
    begin, terms, holds = made
    assert value_left(begin, terms, holds, begin) == sum(term.price for term in terms)
    assert value_left(begin, terms, holds, end_of(begin, terms, holds) + DAY) == 0
    assert value_left(None, terms, [], begin) == sum(term.price for term in terms)


@given(days, st.integers(1, 800), st.integers(0, 10**8), st.integers(0, 900))
def test_a_refund_is_the_price_times_unused_days_through_days_rounded_once(begin, length, price, used):
    exact = Fraction(price * max(0, length - used), length)
    left = value_left(begin, [Term("days", length, price, length)], [], begin + timedelta(days=used))
    assert abs(left - exact) <= Fraction(1, 2)


@given(held_membership())
def test_days_on_hold_use_nothing_up(made):
    begin, _terms, holds = made
    assert all(used_days(begin, until + DAY, holds) == used_days(begin, since, holds) for since, until in holds)


@given(days, st.integers(0, 900))
def test_the_days_of_a_hold_are_counted_in_the_years_they_lie_in(since, n):
    until = since + timedelta(days=n)
    assert sum(by_year((since, until)).values()) == n + 1
