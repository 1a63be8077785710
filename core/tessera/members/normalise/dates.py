"""Dates as people type them; years first, never guessed."""

from __future__ import annotations

import calendar
import datetime
import re
from typing import NamedTuple

from tessera.members.normalise.lunar import LunarDay, is_lunar, lunar_of, parse_lunar, solar_of
from tessera.members.normalise.plain import Unusable, plain
from tessera_hooks import Text, _

_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?").fullmatch
_FULL = re.compile(
    r"(\d{4})\s?(?:([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})|年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号]?)"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
).fullmatch
_YEARLESS = re.compile(r"(?:--)?(\d{1,2})(?:[-/]|\s?月\s?)(\d{1,2})\s?[日号]?").fullmatch
_SHORT_YEAR = re.compile(r"\d{2}\s?(?:[-/.]\s?\d{1,2}[-/.]\s?\d{1,2}|年.*)|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}").fullmatch
_YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}").fullmatch
_STORED = re.compile(r"(?:(\d{4})|-)-(\d{2})-(\d{2})").fullmatch
_EARLIEST = 1900


class Birthday(NamedTuple):
    """A day of birth: of the sun, its year perhaps unknown, or kept by the Chinese calendar.

    As text ``1990-02-28``, ``--02-29``; ``lunar:1990-08-15``, ``lunar:--08-15``, ``lunar:2001-L04-03`` for a
    leap month. A lunar birthday with its year has the day of the sun too; without, ``month`` and ``day``
    are unknown, for they differ from year to year.
    """

    year: int | None
    month: int | None
    day: int | None
    lunar: LunarDay | None = None

    def __str__(self) -> str:
        if self.lunar is not None:
            return f"lunar:{self.lunar_year or '-'}-{self.lunar}"
        return f"{self.year or '-'}-{self.month:02}-{self.day:02}"

    @property
    def born_on(self) -> datetime.date | None:
        """The day of the sun, where the year is known."""
        if self.year is None or self.month is None or self.day is None:
            return None
        return datetime.date(self.year, self.month, self.day)

    @property
    def lunar_year(self) -> int | None:
        """The year of the Chinese calendar, which begins later than that of the sun."""
        born = self.born_on
        found = lunar_of(born) if born is not None and self.lunar is not None else None
        return found[0] if found else None

    def with_year_of(self, known: Birthday | None) -> Birthday:
        """This birthday, completed by what is known of the same day where its own year is not."""
        day = known.born_on if known is not None else None
        if self.year is not None or known is None or day is None:
            return self
        if self.lunar is not None:
            lunar = lunar_of(day)
            return known._replace(lunar=self.lunar) if lunar is not None and lunar[1] == self.lunar else self
        return known if (self.month, self.day) == (day.month, day.day) else self

    @classmethod
    def of_lunar(cls, year: int | None, day: LunarDay) -> Birthday:
        """A birthday kept by the Chinese calendar."""
        if year is None:
            return cls(None, None, None, day)
        born = solar_of(year, day)
        return cls(born.year, born.month, born.day, day)

    @classmethod
    def stored(cls, text: str) -> Birthday:
        """The birthday that ``str()`` wrote; ``ValueError`` for any other text."""
        if text.startswith("lunar:"):
            try:
                return cls.of_lunar(*parse_lunar(text))
            except Unusable as refusal:
                raise ValueError(refusal.message) from None
        found = _STORED(text)
        if found is None:
            raise ValueError(f"{text!r} is no stored birthday")
        return cls(int(found[1]) if found[1] else None, int(found[2]), int(found[3]))


def parse_date(text: str) -> datetime.date:
    """A complete date: 1955-05-24, 1953/5/10, 2024.01.05, 19941009, 2022年7月27日; a time of day is dropped.

    Raises ``Unusable`` for what does not exist or could be read in two ways.
    """
    written = plain(text).lstrip("'")
    parts = _full(written)
    if parts is None:
        if _YEARLESS(written):
            raise Unusable(_("the year is missing"))
        raise Unusable(_no_date(written))
    _check(*parts)
    return datetime.date(*parts)


def parse_birthday(text: str, today: datetime.date, *, lunar: bool = False) -> Birthday:
    """A day of birth, complete or without its year: 5月10日, 05-10, 5/10, --02-29, 农历八月十五.

    ``lunar``: what does not say its calendar is of the Chinese one, as in a column of lunar birthdays.
    Raises ``Unusable`` for days that do not exist, two-digit years, and years before 1900 or days
    after ``today``.
    """
    written = plain(text).lstrip("'")
    if lunar or is_lunar(written):
        born = Birthday.of_lunar(*parse_lunar(_lunar_spelling(written)))
    elif (parts := _full(written)) is not None:
        _check(*parts)
        if parts[0] < _EARLIEST:
            raise Unusable(_("a birthday before {year} is a mistake", year=_EARLIEST))
        born = Birthday(*parts)
    elif yearless := _YEARLESS(written):
        month, day = int(yearless[1]), int(yearless[2])
        _check(None, month, day)
        born = Birthday(None, month, day)
    else:
        raise Unusable(_no_date(written))
    if born.born_on is not None and born.born_on > today:
        raise Unusable(_("this birthday lies in the future"))
    return born


def _lunar_spelling(written: str) -> str:
    """A lunar date with its numbers alone where it was written as lists write dates; a time of day is dropped."""
    if parts := _full(written):
        return "{:04}-{:02}-{:02}".format(*parts)
    return written


def _full(written: str) -> tuple[int, int, int] | None:
    if compact := _COMPACT(written):
        return int(compact[1]), int(compact[2]), int(compact[3])
    if found := _FULL(written):
        return int(found[1]), int(found[3] or found[5]), int(found[4] or found[6])
    return None


def _check(year: int | None, month: int, day: int) -> None:
    """Refuse a day that no calendar has; 29 February passes where the year is unknown."""
    if year == 0:
        raise Unusable(_("there is no year 0"))
    if not 1 <= month <= 12:
        raise Unusable(_("there is no month {month}", month=month))
    last = calendar.monthrange(2000 if year is None else year, month)[1]
    if not 1 <= day <= last:
        if year is None:
            raise Unusable(_("month {month} has no day {day}", month=month, day=day))
        raise Unusable(_("month {month} of {year} has no day {day}", month=month, year=year, day=day))


def _no_date(written: str) -> Text:
    if not any(character.isdigit() for character in written):
        return _("this is no date")
    if any(word in written for word in ("农历", "阴历", "闰")):
        return _("this is a day of the lunar calendar: write the solar date")
    if _SHORT_YEAR(written):
        return _("write the year with four digits")
    if _YEAR_LAST(written):
        return _("write the year first, as in 1955-05-24")
    return _("this is no date: write it as 1955-05-24")
