"""Money and time: whole minor units, and days that belong to a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tessera.kernel import clock
from tessera.kernel.errors import Invalid
from tessera.kernel.money import example_amount, format_minor, minor_digits, read_number, to_minor


@pytest.mark.parametrize(("currency", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("GBP", 2)])
def test_a_currency_has_its_own_decimals(currency, digits):
    assert minor_digits(currency) == digits


def test_a_finer_amount_is_rounded_half_up():
    assert to_minor(Decimal("0.425"), "GBP") == 43


def test_an_amount_is_shown_as_its_readers_write_it():
    assert format_minor(125050, "CNY", "zh_Hans") == "¥1,250.50"


def test_an_unknown_currency_is_named():
    with pytest.raises(Invalid, match='"YUAN" is no currency'):
        minor_digits("YUAN")


def test_an_unknown_zone_is_named():
    with pytest.raises(Invalid, match='"Shanghai" is no time zone: give an IANA name'):
        clock.zone("Shanghai")


def test_a_day_belongs_to_its_zone():
    evening = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert clock.local_day(evening, "Asia/Shanghai") == date(2026, 3, 2)


def test_midnight_is_local():
    assert clock.midnight(date(2026, 7, 1), "America/New_York") == datetime(2026, 7, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,250.50", "1250.50"),
        ("1,000", "1000"),
        ("9,999,999.99", "9999999.99"),
        ("12,5", "12.5"),
        ("12,50", "12.50"),
        ("0,125", "0.125"),
        ("¥ 18", "18"),
        ("-¥5.5", "-5.5"),
        ("１２．５", "12.5"),
        ("1，000", "1000"),
        (".5", "0.5"),
    ],
)
def test_a_number_is_read_as_its_writer_meant_it(typed, number):
    assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["", "a lot", "1.2.3", "1,2,3", "12,34,567", "1e5", "NaN", "1_000", "9" * 41])
def test_what_is_no_number_is_not_guessed_at(typed):
    with pytest.raises(ValueError, match=f"^{re.escape(typed)}$"):
        read_number(typed)


@pytest.mark.parametrize(("currency", "example"), [("CNY", "12.50"), ("JPY", "1250"), ("KWD", "1.250")])
def test_an_example_has_the_decimals_of_its_currency(currency, example):
    assert example_amount(currency) == example
