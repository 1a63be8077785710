"""Days of the Chinese calendar, 1900 to 2100: as people write them, as days of the sun, and back."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

from borax.calendars.lunardate import (
    MAX_LUNAR_YEAR,
    MAX_SOLAR_DATE,
    MIN_LUNAR_YEAR,
    MIN_SOLAR_DATE,
    InvalidLunarDateError,
    LCalendars,
    LunarDate,
)

from tessera.members.normalise.plain import Unusable
from tessera_hooks import _

LONGEST_MONTH = 30
"""Days that a month of the Chinese calendar has at most; many have one less."""


class LunarDay(NamedTuple):
    """A day of a month of the moon; ``leap``: of the month that is put in after the one of that number."""

    month: int
    day: int
    leap: bool = False

    def __str__(self) -> str:
        return f"{'L' if self.leap else ''}{self.month:02}-{self.day:02}"


_STORED = re.compile(r"lunar:(?:(\d{4})|-)-(L?)(\d{1,2})-(\d{1,2})").fullmatch
_PREFIX = re.compile(r"(?:lunar\s*:?|[农農][历曆]|[阴陰][历曆]|[旧舊][历曆])\s*", re.IGNORECASE)
_DIGITS = "〇一二三四五六七八九"
_YEAR = rf"(?:(?P<year>\d{{4}}|[{_DIGITS}零○]{{4}})\s?[年/.-]\s?)?"
_WRITTEN = re.compile(
    rf"{_YEAR}(?P<leap>[闰閏L])?(?:(?P<month>正|[冬腊臘]|十[一二]?|[一二三四五六七八九]|\d{{1,2}})\s?月|(?P<m>\d{{1,2}})[/.-])"
    r"\s?(?P<day>初[一二三四五六七八九十]|(?:二?十|廿)[一二三四五六七八九]?|[三卅]十?|[一二四五六七八九]|\d{1,2})[日号號]?"
).fullmatch
_UNMISTAKABLE = re.compile(r"[闰閏腊臘廿卅]|正月|冬月|初[一二三四五六七八九十]").search
_MONTHS = {"正": 1, "冬": 11, "腊": 12, "臘": 12}


def is_lunar(text: str) -> bool:
    """Whether a date says that it is one of the Chinese calendar: 农历…, 八月初三, 腊月十八, ``lunar:…``."""
    return bool(_PREFIX.match(text) or _UNMISTAKABLE(text))


def parse_lunar(text: str) -> tuple[int | None, LunarDay]:
    """A day of the Chinese calendar, with or without its year; the text is ``plain`` already.

    Understood are ``lunar:1990-08-15``, ``lunar:--08-15``, ``lunar:1990-L05-03`` (the leap fifth month)
    and the Chinese ways: 农历一九九〇年八月十五, 闰五月初三, 腊月廿三. Raises ``Unusable`` for anything else,
    and for a day that this year did not have.
    """
    if stored := _STORED(text):
        year = int(stored[1]) if stored[1] else None
        day = LunarDay(int(stored[3]), int(stored[4]), bool(stored[2]))
    else:
        rest = _PREFIX.sub("", text, count=1).replace(" ", "").lstrip(":：-")
        found = _WRITTEN(rest)
        if found is None:
            raise Unusable(_("this is no day of the lunar calendar: write it as 农历1990年八月十五"))
        year = _number(found["year"]) if found["year"] else None
        day = LunarDay(_month(found["month"] or found["m"]), _day(found["day"]), bool(found["leap"]))
    _check(year, day)
    return year, day


def _number(written: str) -> int:
    return int("".join(str(_DIGITS.find(c)) if c in _DIGITS else "0" if c in "零○" else c for c in written))


def _month(written: str) -> int:
    if written.isdigit():
        return int(written)
    return _MONTHS.get(written) or _counted(written)


def _day(written: str) -> int:
    if written.isdigit():
        return int(written)
    return _counted(written.removeprefix("初").replace("廿", "二十").replace("卅", "三十"))


def _counted(written: str) -> int:
    """A number up to 39 in Chinese words."""
    tens, ten, ones = written.rpartition("十")
    if not ten:
        return _DIGITS.index(ones)
    return 10 * (_DIGITS.index(tens) if tens else 1) + (_DIGITS.index(ones) if ones else 0)


def _check(year: int | None, day: LunarDay) -> None:
    if not 1 <= day.month <= 12:
        raise Unusable(_("there is no month {month}", month=day.month))
    if not 1 <= day.day <= LONGEST_MONTH:
        raise Unusable(_("a month of the lunar calendar has no day {day}", day=day.day))
    if year is not None:
        solar_of(year, day)


def solar_of(year: int, day: LunarDay) -> datetime.date:
    """The day of the sun on which a day of a lunar year fell. Raises ``Unusable`` where there was none."""
    if not MIN_LUNAR_YEAR <= year <= MAX_LUNAR_YEAR:
        raise Unusable(
            _("the lunar calendar is known from {first} to {last} only", first=MIN_LUNAR_YEAR, last=MAX_LUNAR_YEAR)
        )
    if day.leap and LCalendars.leap_month(year) != day.month:
        raise Unusable(_("the lunar year {year} has no leap month {month}", year=year, month=day.month))
    if day.day > LCalendars.ndays(year, day.month, int(day.leap)):
        raise Unusable(
            _("month {month} of the lunar year {year} has no day {day}", month=day.month, year=year, day=day.day)
        )
    found: datetime.date = LunarDate(year, day.month, day.day, int(day.leap)).to_solar_date()
    return found


def lunar_of(day: datetime.date) -> tuple[int, LunarDay] | None:
    """The lunar year and day of a day of the sun; ``None`` outside of what the calendar knows."""
    if not MIN_SOLAR_DATE <= day <= MAX_SOLAR_DATE:
        return None
    try:
        found = LunarDate.from_solar(day)
    except InvalidLunarDateError:
        return None
    return found.year, LunarDay(found.month, found.day, bool(found.leap))


def solar_in(year: int, day: LunarDay) -> datetime.date | None:
    """The day of the sun on which a birthday is kept in a lunar year; ``None`` outside of the calendar.

    Where the year has no such leap month it is the month of the same number, and where the month has no
    30th it is its 29th.
    """
    if not MIN_LUNAR_YEAR <= year <= MAX_LUNAR_YEAR:
        return None
    leap = day.leap and LCalendars.leap_month(year) == day.month
    last: int = LCalendars.ndays(year, day.month, int(leap))
    return solar_of(year, LunarDay(day.month, min(day.day, last), leap))


class LunarMonth(NamedTuple):
    """From which day on, and for how many, those born in this month of the moon keep their birthdays."""

    month: int
    leap: bool
    starts_on: datetime.date
    days: int


def months() -> Iterator[LunarMonth]:
    """Every month of the calendar as birthdays are kept in it, by year.

    Who was born in a leap month keeps the birthday in the leap month where the year has it, else in
    the month of the same number: so each year has twelve months of either sort.
    """
    for year in range(MIN_LUNAR_YEAR, MAX_LUNAR_YEAR + 1):
        leaps = {month for month, _days, leap in LCalendars.iter_year_month(year) if leap}
        for month in range(1, 13):
            for leap in (False, True):
                real = leap and month in leaps
                days = LCalendars.ndays(year, month, int(real))
                yield LunarMonth(month, leap, solar_of(year, LunarDay(month, 1, real)), days)
