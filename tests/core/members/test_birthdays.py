"""Birthdays: of the sun and of the moon, with and without their year, and when they are kept."""

import datetime
from datetime import date, timedelta
from functools import cache

import pytest
from borax.calendars.lunardate import LunarDate
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tessera.conditions import Binder, compile_fact
from tessera.conditions.facts import known_facts
from tessera.kernel.database import fetch, fetchrow, fetchval
from tessera.kernel.errors import Invalid
from tessera.members import service
from tessera.members.birthdays import next_birthday, said
from tessera.members.imports import undo
from tessera.members.imports.people import import_members
from tessera.members.normalise import Birthday, LunarDay, parse_birthday
from tessera.members.normalise.lunar import lunar_of, months, solar_of
from tessera.members.service import Changes, NewMember

TODAY = date(2026, 11, 21)

days = st.dates(date(1900, 1, 31), date(2100, 12, 31))
lunar_days = st.builds(LunarDay, st.integers(1, 12), st.integers(1, 30), st.booleans())


@given(day=days)
def test_a_day_goes_to_the_moon_and_back(day):
    year, lunar = lunar_of(day)
    assert solar_of(year, lunar) == day


@given(day=days)
def test_the_calendar_is_that_of_the_library(day):
    assert str(LunarDate.from_solar(day)) == "LunarDate({0}, {1.month}, {1.day}, {1.leap:d})".format(*lunar_of(day))


@pytest.mark.parametrize(
    ("year", "lunar", "solar"),
    [
        (1912, LunarDay(1, 1), date(1912, 2, 18)),
        (1949, LunarDay(8, 10), date(1949, 10, 1)),
        (2000, LunarDay(1, 1), date(2000, 2, 5)),
        (2008, LunarDay(7, 8), date(2008, 8, 8)),
        (2020, LunarDay(4, 1, True), date(2020, 5, 23)),
        (2023, LunarDay(2, 1, True), date(2023, 3, 22)),
        (2024, LunarDay(12, 29), date(2025, 1, 28)),
        (2025, LunarDay(1, 1), date(2025, 1, 29)),
        (2025, LunarDay(6, 1, True), date(2025, 7, 25)),
        (2025, LunarDay(8, 15), date(2025, 10, 6)),
        (2026, LunarDay(1, 1), date(2026, 2, 17)),
        (2033, LunarDay(11, 1, True), date(2033, 12, 22)),
    ],
)
def test_days_that_everyone_knows_fall_where_they_fell(year, lunar, solar):
    assert (solar_of(year, lunar), lunar_of(solar)) == (solar, (year, lunar))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("lunar:1990-08-15", "lunar:1990-08-15"),
        ("农历1990年八月十五", "lunar:1990-08-15"),
        ("阴历 一九九〇年腊月廿三", "lunar:1990-12-23"),
        ("農曆 2025年閏六月初一", "lunar:2025-L06-01"),
        ("lunar:--08-15", "lunar:--08-15"),
        ("农历8月15日", "lunar:--08-15"),
        ("旧历 8-15", "lunar:--08-15"),
        ("正月初一", "lunar:--01-01"),
        ("闰四月三十", "lunar:--L04-30"),
        ("lunar:--L04-03", "lunar:--L04-03"),
        ("1990-02-28", "1990-02-28"),
        ("--02-29", "--02-29"),
    ],
)
def test_a_birthday_is_read_as_people_write_it(written, kept):
    assert str(parse_birthday(written, TODAY)) == kept


@given(lunar=lunar_days, year=st.none() | st.integers(1900, 2020))
def test_what_is_kept_of_a_lunar_birthday_reads_back(lunar, year):
    assume(year is None or lunar_of(_or_none(year, lunar) or date.min) is not None)
    born = Birthday.of_lunar(year, lunar)
    assert Birthday.stored(str(born)) == born == parse_birthday(str(born), TODAY)


@cache
def _months_by_name():
    return {lunar_of(month.starts_on): month for month in months()}


def _or_none(year, lunar):
    found = _months_by_name().get((year, LunarDay(lunar.month, 1, lunar.leap)))
    return found.starts_on if found and found.days >= lunar.day else None


@pytest.mark.parametrize(
    ("birthday", "today", "kept"),
    [
        ("1990-11-21", TODAY, date(2026, 11, 21)),
        ("--11-20", TODAY, date(2027, 11, 20)),
        ("2000-02-29", TODAY, date(2027, 2, 28)),
        ("--02-29", date(2028, 2, 28), date(2028, 2, 29)),
        ("lunar:--08-15", date(2025, 1, 1), date(2025, 10, 6)),
        ("lunar:1990-08-15", date(2025, 10, 7), date(2026, 9, 25)),
        ("lunar:--L06-01", date(2025, 1, 1), date(2025, 7, 25)),
        ("lunar:--L06-01", date(2026, 1, 1), date(2026, 7, 14)),
        ("lunar:--12-30", date(2025, 1, 1), date(2025, 1, 28)),
        ("lunar:--12-08", date(2026, 12, 31), date(2027, 1, 15)),
    ],
)
def test_a_birthday_is_kept_on_the_day_or_the_last_that_there_is(birthday, today, kept):
    assert next_birthday(Birthday.stored(birthday), today) == kept


@given(lunar=lunar_days, today=st.dates(date(1901, 1, 1), date(2099, 1, 1)))
def test_a_lunar_birthday_comes_within_thirteen_moons(lunar, today):
    kept = next_birthday(Birthday.of_lunar(None, lunar), today)
    assert today <= kept <= today + timedelta(days=13 * 30)
    assert next_birthday(Birthday.of_lunar(None, lunar), kept) == kept


async def test_the_table_of_the_database_is_the_calendar(db):
    kept = await fetch("SELECT month, leap, starts_on, days FROM lunar_month ORDER BY 1, 2, 3")
    assert [tuple(row) for row in kept] == sorted(tuple(month) for month in months())


async def _facts(member, today):
    binder = Binder(now=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), today=today)
    names = ("member.birthday_in_days", "member.birthday_month", "member.age")
    columns = ", ".join(compile_fact(known_facts()[name], binder) for name in names)
    row = await fetchrow(f"SELECT {columns} FROM member m WHERE m.id = {binder.bind(member, 'uuid')}", *binder.args)
    return tuple(row)


@example(text="lunar:--12-30", today=date(2025, 1, 28))
@example(text="lunar:--L06-30", today=date(2025, 8, 23))
@example(text="--02-29", today=date(2027, 3, 1))
@given(
    text=st.one_of(
        st.builds(lambda day: str(Birthday.of_lunar(None, day)), lunar_days),
        st.builds(lambda day: str(Birthday.of_lunar(*lunar_of(day))), st.dates(date(1901, 1, 1), date(2020, 1, 1))),
        st.dates(date(1900, 1, 1), date(2020, 1, 1)).map(str),
        st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: f"--{day:%m-%d}"),
    ),
    today=st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
async def test_conditions_and_people_agree_when_a_birthday_is(store, text, today):
    id_ = await service.create_member(NewMember(name="Ana", birthday=text))
    born = (await service.member(id_)).birthday
    in_days, month, _age = await _facts(id_, today)
    assert in_days == (next_birthday(born, today) - today).days
    assert month == next_birthday(born, today.replace(day=1)).month


async def test_without_a_birthday_there_is_nothing_to_wait_for(member):
    assert await _facts(await member("Ana"), TODAY) == (None, None, None)


async def test_who_keeps_a_lunar_birthday_has_an_age_all_the_same(member):
    id_ = await member("Ana", birthday="lunar:1990-12-23")
    view = await service.member(id_)
    assert (str(view.birthday), view.birthday.born_on) == ("lunar:1990-12-23", date(1991, 2, 7))
    assert view.age_on(date(2026, 2, 6)) == 34
    assert (await _facts(id_, date(2026, 2, 7)))[2] == 35


async def test_a_birthday_moves_from_one_calendar_to_the_other(member):
    id_ = await member("Ana", birthday="lunar:--08-15")
    await service.change_member(id_, 1, Changes(birthday="1990-10-03"))
    assert (await service.member(id_)).birthday == Birthday(1990, 10, 3)
    await service.change_member(id_, 2, Changes(birthday="农历八月十五"))
    assert (await service.member(id_)).birthday == Birthday(None, None, None, LunarDay(8, 15))
    await service.change_member(id_, 3, Changes(birthday=None))
    assert (await service.member(id_)).birthday is None


async def test_a_lunar_birthday_in_the_future_is_refused(store):
    with pytest.raises(Invalid, match="this birthday lies in the future"):
        await service.create_member(NewMember(name="Ana", birthday="lunar:2090-01-01"))


async def test_a_program_writes_and_reads_lunar_birthdays(api):
    made = await api.post("/members", json={"name": "Ana", "birthday": "lunar:2001-L04-03"})
    assert (made.status_code, made.json()["birthday"]) == (201, "lunar:2001-L04-03")
    again = await api.patch(f"/members/{made.json()['id']}", json={"version": 1, "birthday": made.json()["birthday"]})
    assert again.json()["version"] == 1


async def test_a_list_brings_lunar_birthdays_in_words_or_in_a_column_of_their_own(store, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        "姓名,生日,农历生日\n王一,农历1990年八月十五,\n李二,1990-10-03,8-15\n张三,1990-10-03,\n", encoding="utf-8"
    )
    report = await import_members(path)
    again = await import_members(path)
    kept = {
        m.name: str(m.birthday) for m in await service.views([r["id"] for r in await fetch("SELECT id FROM member")])
    }
    assert (report.created, again.unchanged) == (3, 3)
    assert kept == {"王一": "lunar:1990-08-15", "李二": "lunar:1990-08-15", "张三": "1990-10-03"}


async def test_a_list_without_the_year_keeps_the_year_that_is_known(store, member, tmp_path):
    id_ = await member("王一", birthday="1990-10-03", phone="13800138000")
    path = tmp_path / "list.csv"
    path.write_text("姓名,手机,农历生日\n王一,13800138000,八月十五\n", encoding="utf-8")
    report = await import_members(path)
    assert str((await service.member(id_)).birthday) == "lunar:1990-08-15"
    assert await fetchval("SELECT payload->'fields' FROM event WHERE kind = 'member.updated'") == ["birthday"]
    await undo(report.batch)
    assert str((await service.member(id_)).birthday) == "1990-10-03"


@pytest.mark.parametrize(
    ("birthday", "words"),
    [
        ("1990-02-28", "1990-02-28"),
        ("--02-29", "02-29"),
        ("lunar:--08-15", "lunar 15th day of the 8th month"),
        ("lunar:2001-L04-03", "2001-05-25 (lunar 3rd day of the leap 4th month)"),
    ],
)
def test_a_birthday_is_said_in_words(birthday, words):
    assert str(said(Birthday.stored(birthday))) == words
