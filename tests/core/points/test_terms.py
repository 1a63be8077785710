"""Until when credits last: every policy, at the midnights of zones that change their clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tessera.points.terms import expires, last_day
from tessera_hooks import Expiry

ZONES = [
    "Asia/Shanghai",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Europe/London",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "UTC",
]
"""Among them clocks that are put forward at midnight, so that there is none, and back, so that there are two."""

MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
COUNTED = st.sampled_from(["days", "months", "month_end", "year_end", "inactivity"])


@pytest.mark.parametrize(
    ("expiry", "day", "last"),
    [
        (Expiry(), date(2026, 1, 31), None),
        (Expiry("on", day=date(2026, 12, 31)), date(2026, 3, 1), date(2026, 12, 31)),
        (Expiry("days", 30), date(2026, 1, 31), date(2026, 3, 2)),
        (Expiry("months", 1), date(2026, 1, 31), date(2026, 2, 28)),
        (Expiry("months", 1), date(2028, 1, 31), date(2028, 2, 29)),
        (Expiry("months", 12), date(2028, 2, 29), date(2029, 2, 28)),
        (Expiry("month_end", 12), date(2020, 7, 6), date(2021, 7, 31)),
        (Expiry("month_end", 24), date(2026, 12, 31), date(2028, 12, 31)),
        (Expiry("year_end", 1), date(2026, 1, 1), date(2026, 12, 31)),
        (Expiry("year_end", 2), date(2026, 12, 31), date(2027, 12, 31)),
        (Expiry("inactivity", 180), date(2026, 1, 1), date(2026, 6, 30)),
        (Expiry("days", 10**9), date(2026, 1, 1), None),
        (Expiry("months", 10**9), date(2026, 1, 1), None),
        (Expiry("year_end", 10**9), date(2026, 1, 1), None),
    ],
)
def test_the_last_day_on_which_a_credit_can_be_spent(expiry: Expiry, day: date, last: date | None) -> None:
    assert last_day(expiry, day) == last


def test_earned_on_6_july_2020_for_twelve_months_it_is_gone_on_1_august_2021() -> None:
    at = datetime(2020, 7, 6, 12, tzinfo=UTC)
    gone = datetime(2021, 8, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert expires(Expiry("month_end", 12), at, "Asia/Shanghai") == gone


@pytest.mark.parametrize(
    ("at", "months", "zone", "gone"),
    [
        (datetime(2025, 12, 31, 16, tzinfo=UTC), 24, "Asia/Shanghai", datetime(2028, 1, 31, 16, tzinfo=UTC)),
        (datetime(2025, 12, 31, 16, tzinfo=UTC), 24, "UTC", datetime(2028, 1, 1, tzinfo=UTC)),
        (datetime(2026, 11, 30, tzinfo=UTC), 1, "UTC", datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 2, 10, tzinfo=UTC), 4, "Europe/Berlin", datetime(2026, 6, 30, 22, tzinfo=UTC)),
    ],
)
def test_the_month_is_that_of_the_business_whatever_the_season(
    at: datetime, months: int, zone: str, gone: datetime
) -> None:
    assert expires(Expiry("month_end", months), at, zone) == gone


@given(kind=COUNTED, n=st.integers(1, 400), at=MOMENTS, zone=st.sampled_from(ZONES))
@example(kind="days", n=1, at=datetime(2018, 11, 2, 12, tzinfo=UTC), zone="America/Sao_Paulo")
@example(kind="days", n=1, at=datetime(2011, 12, 28, 12, tzinfo=UTC), zone="Pacific/Apia")
@example(kind="days", n=1, at=datetime(2026, 10, 30, 12, tzinfo=UTC), zone="America/Havana")
def test_a_credit_is_there_on_its_last_day_and_gone_at_the_first_moment_after_it(
    kind: str, n: int, at: datetime, zone: str
) -> None:
    expiry = Expiry(kind, n)  # type: ignore[arg-type]
    gone = expires(expiry, at, zone)
    assert gone is not None
    here = ZoneInfo(zone)
    last = last_day(expiry, at.astimezone(here).date())
    assert gone > at
    assert (gone - timedelta(microseconds=1)).astimezone(here).date() <= last
    assert gone.astimezone(here).date() > last


@given(kind=COUNTED, n=st.integers(1, 400), at=MOMENTS, later=st.timedeltas(timedelta(0), timedelta(days=800)))
def test_what_is_earned_later_never_ends_sooner(kind: str, n: int, at: datetime, later: timedelta) -> None:
    expiry = Expiry(kind, n)  # type: ignore[arg-type]
    first, second = (expires(expiry, moment, "America/New_York") for moment in (at, at + later))
    assert first is not None
    assert second is not None
    assert first <= second


@given(n=st.integers(1, 400), at=MOMENTS, zone=st.sampled_from(ZONES))
def test_months_to_the_day_end_in_the_month_so_many_later(n: int, at: datetime, zone: str) -> None:
    day = at.astimezone(ZoneInfo(zone)).date()
    last = last_day(Expiry("months", n), day)
    assert last is not None
    assert (last.year * 12 + last.month) - (day.year * 12 + day.month) == n
    assert last.day == day.day or (last + timedelta(days=1)).day == 1
