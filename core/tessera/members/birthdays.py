"""When birthdays are kept, and how they are said; those of the Chinese calendar too."""

from __future__ import annotations

import calendar
from datetime import date

from tessera.members.normalise import Birthday, LunarDay
from tessera.members.normalise.lunar import lunar_of, solar_in
from tessera_hooks import Text, _

LUNAR_MONTHS: dict[int, Text] = {
    1: _("1st month"),
    2: _("2nd month"),
    3: _("3rd month"),
    4: _("4th month"),
    5: _("5th month"),
    6: _("6th month"),
    7: _("7th month"),
    8: _("8th month"),
    9: _("9th month"),
    10: _("10th month"),
    11: _("11th month"),
    12: _("12th month"),
}

LUNAR_DAYS: dict[int, Text] = {
    1: _("1st day"),
    2: _("2nd day"),
    3: _("3rd day"),
    4: _("4th day"),
    5: _("5th day"),
    6: _("6th day"),
    7: _("7th day"),
    8: _("8th day"),
    9: _("9th day"),
    10: _("10th day"),
    11: _("11th day"),
    12: _("12th day"),
    13: _("13th day"),
    14: _("14th day"),
    15: _("15th day"),
    16: _("16th day"),
    17: _("17th day"),
    18: _("18th day"),
    19: _("19th day"),
    20: _("20th day"),
    21: _("21st day"),
    22: _("22nd day"),
    23: _("23rd day"),
    24: _("24th day"),
    25: _("25th day"),
    26: _("26th day"),
    27: _("27th day"),
    28: _("28th day"),
    29: _("29th day"),
    30: _("30th day"),
}


def next_birthday(born: Birthday | None, today: date) -> date | None:
    """The first day on or after ``today`` on which a birthday is kept; ``None`` where none is known.

    29 February is kept on the 28th in common years: where a month lacks the day, its last day stands
    for it (Civil Code of China, article 202). By the same rule the 30th of a month of the moon is its
    29th in years when it has no more, and a leap month that the year lacks is the month of its number.
    """
    if born is None:
        return None
    if born.lunar is not None:
        return _next_lunar(born.lunar, today)
    if born.month is None or born.day is None:
        return None
    return next(day for year in (today.year, today.year + 1) if (day := _in_year(year, born.month, born.day)) >= today)


def _in_year(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _next_lunar(day: LunarDay, today: date) -> date | None:
    now = lunar_of(today)
    if now is None:
        return None
    kept = (solar_in(year, day) for year in range(now[0], now[0] + 2))
    return next((one for one in kept if one is not None and one >= today), None)


def said(born: Birthday | None) -> Text:
    """A birthday in words: ``1990-02-28``, ``02-29``, or the day of the Chinese calendar with the solar one."""
    if born is None:
        return Text("")
    if born.lunar is None:
        return Text(str(born).removeprefix("--"))
    words = lunar_words(born.lunar)
    if born.born_on is None:
        return _("lunar {words}", words=words)
    return _("{solar} (lunar {words})", solar=born.born_on.isoformat(), words=words)


def lunar_words(day: LunarDay) -> Text:
    """A day of the Chinese calendar: 八月十五, 闰四月初三."""
    month, number = LUNAR_MONTHS[day.month], LUNAR_DAYS[day.day]
    if day.leap:
        return _("{day} of the leap {month}", day=number, month=month)
    return _("{day} of the {month}", day=number, month=month)
