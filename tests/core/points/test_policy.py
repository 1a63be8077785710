"""How long points last, and how many a purchase brings."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from tessera.kernel.business import set_setting
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import PluginHost
from tessera.points.service import expires_at, points_for
from tessera_hooks import Award


def test_points_of_6_july_2020_with_12_months_expire_on_1_august_2021_at_local_midnight() -> None:
    earned = datetime(2020, 7, 6, 3, 0, tzinfo=UTC)
    assert expires_at(earned, 12, "UTC") == datetime(2021, 8, 1, tzinfo=UTC)
    assert expires_at(earned, 12, "Asia/Shanghai") == datetime(2021, 7, 31, 16, tzinfo=UTC)


def test_the_month_is_that_of_the_business_not_of_greenwich() -> None:
    new_year_in_shanghai = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert expires_at(new_year_in_shanghai, 24, "Asia/Shanghai") == datetime(2028, 1, 31, 16, tzinfo=UTC)
    assert expires_at(new_year_in_shanghai, 24, "UTC") == datetime(2028, 1, 1, tzinfo=UTC)


def test_december_and_summer_time_keep_the_midnight() -> None:
    assert expires_at(datetime(2026, 11, 30, tzinfo=UTC), 1, "UTC") == datetime(2027, 1, 1, tzinfo=UTC)
    assert expires_at(datetime(2026, 2, 10, tzinfo=UTC), 4, "Europe/Berlin") == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_points_without_months_never_expire() -> None:
    assert expires_at(datetime(2026, 2, 10, tzinfo=UTC), None, "UTC") is None


def award(amount: int, currency: str = "CNY") -> Award:
    return Award(uuid7(), None, None, "purchase", datetime(2026, 3, 1, tzinfo=UTC), currency, amount)


@pytest.mark.parametrize(
    ("minor", "currency", "points"),
    [(12_50, "CNY", 12), (99, "CNY", 0), (-5_00, "CNY", 0), (1234, "JPY", 1234), (5_999, "KWD", 5)],
)
async def test_each_whole_unit_of_currency_brings_a_point(
    business: None, minor: int, currency: str, points: int
) -> None:
    assert points_for(award(minor, currency))[0] == points


async def test_the_rate_is_a_setting_for_all_or_for_one_currency(business: None) -> None:
    await set_setting("points.per_unit", "0.1")
    await set_setting("points.per_unit.JPY", "0.01")
    assert points_for(award(120_00))[0] == 12
    assert points_for(award(1999, "JPY"))[0] == 19


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, plugin_host: PluginHost) -> list[Any]:
    factors: list[Any] = []
    monkeypatch.setattr(plugin_host, "answers", lambda hook, store=None, **facts: [("plugin", f) for f in factors])
    return factors


async def test_answers_are_multiplied_exactly_and_rounded_down_once(business: None, answering: list[Any]) -> None:
    answering += [Fraction(115, 100), Fraction(2)]
    assert points_for(award(100_00))[0] == 230
    answering[:] = [Fraction(115, 100)]
    assert points_for(award(100_00))[0] == 115
    answering[:] = [Fraction(2)]
    assert points_for(award(12_50))[0] == 25
