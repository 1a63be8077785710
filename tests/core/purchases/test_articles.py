"""Article numbers mean the same goods however many digits they are written with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from tessera.kernel.articles import article


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4006381333931", "04006381333931"),
        ("036000291452", "0036000291452"),
        ("73513537", "00000073513537"),
        ("4006381-333931", "4006381333931"),
    ],
)
def test_one_article_written_in_two_ways_is_one(one, other):
    assert article(one) == article(other)


@pytest.mark.parametrize("own", ["4006381333932", "A-17", "", "123", "85123A", "½½½½½½½½"])
def test_a_number_that_is_no_gtin_stays_as_it_is(own):
    assert article(own) == own


def test_no_number_is_none():
    assert article(None) is None


@given(st.integers(0, 10**12 - 1))
def test_every_number_with_its_check_digit_has_fourteen(number):
    digits = f"{number:012}"
    assert article(digits + ean.calc_check_digit(digits)) == "0" + digits + ean.calc_check_digit(digits)
