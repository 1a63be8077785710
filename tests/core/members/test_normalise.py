"""What lists say, as one value each; what cannot be used is refused with its reason."""

import datetime
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from real_input import real

from tessera.kernel.tabular import open_table
from tessera.members.normalise import (
    Birthday,
    Phone,
    Unusable,
    email_key,
    normalise_consent,
    normalise_email,
    normalise_external_id,
    normalise_gender,
    normalise_name,
    normalise_phone,
    normalise_resident_id,
    parse_amount,
    parse_birthday,
    parse_date,
    plain,
)

TODAY = datetime.date(2026, 11, 21)
ROUNDED = "a spreadsheet has rounded this number; export the column as text"
FULL_WIDTH = str.maketrans("0123456789+-", "０１２３４５６７８９＋－")


def reason(work, *arguments) -> str:
    with pytest.raises(Unusable) as raised:
        work(*arguments)
    assert raised.value.code == "unusable_value"
    assert str(raised.value.reason) == raised.value.message
    return raised.value.message


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


# Phones


@example(mobile="16000000000", country="", separator=".", cuts=(3, 7), before="", after="", wide=False)
@example(mobile="13000000000", country="", separator=".", cuts=(3, 10), before="", after="", wide=True)
@given(
    mobile=mobiles,
    country=st.sampled_from(["", "+86", "+86 ", "0086", "0086 ", "86", "+86-", "(+86)"]),
    separator=st.sampled_from(["", " ", "-", "  ", ".", "‐"]),
    cuts=st.tuples(st.integers(1, 5), st.integers(6, 10)),
    before=st.sampled_from(["", "'", " ", "　", "\u200b", "\u202d"]),
    after=st.sampled_from(["", " ", "　", "\u202c", "\t"]),
    wide=st.booleans(),
)
def test_any_spelling_of_a_mobile_is_the_same_number(mobile, country, separator, cuts, before, after, wide):
    parts = separator.join((mobile[: cuts[0]], mobile[cuts[0] : cuts[1]], mobile[cuts[1] :]))
    written = before + country + parts + after
    assert normalise_phone(written.translate(FULL_WIDTH) if wide else written) == Phone(f"+86{mobile}", "mobile")


@given(mobile=mobiles, apostrophe=st.sampled_from(["", "'"]))
def test_a_mobile_that_a_spreadsheet_took_for_a_number_is_still_whole(mobile, apostrophe):
    assert normalise_phone(f"{apostrophe}{mobile}.0").e164 == f"+86{mobile}"
    assert normalise_phone(f"{mobile[0]}.{mobile[1:]}E+10").e164 == f"+86{mobile}"


@given(mobile=mobiles)
def test_a_normalised_number_stays_as_it_is(mobile):
    once = normalise_phone(mobile)
    assert normalise_phone(once.e164) == once


@pytest.mark.parametrize(
    ("written", "number", "kind"),
    [
        ("+49 1512 3456769", "+4915123456769", "mobile"),
        ("0049 1512 3456769", "+4915123456769", "mobile"),
        ("+65 8123 4574", "+6581234574", "mobile"),
        ("+852 5123 4518", "+85251234518", "mobile"),
        ("+1 212 555 0144", "+12125550144", "either"),
        ("021-6432 1234", "+862164321234", "fixed"),
        ("(010) 8888-1234", "+861088881234", "fixed"),
        ("19900000000", "+8619900000000", "mobile"),
    ],
)
def test_other_numbers_follow_their_country(written, number, kind):
    assert normalise_phone(written) == Phone(number, kind)


def test_the_region_is_a_hint_for_numbers_without_a_country():
    assert normalise_phone("020 7946 0018", "GB").e164 == "+442079460018"
    assert normalise_phone("+8613800000001", "GB").e164 == "+8613800000001"
    assert reason(normalise_phone, "13800000001", "GB")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1.38E+10", ROUNDED),
        ("1.59026E+10", ROUNDED),
        ("1.3912e10", ROUNDED),
        ("１.３８Ｅ＋１０", ROUNDED),
        ("无", "this is no phone number"),
        ("", "this is no phone number"),
        ("0", "this is too short for a phone number"),
        ("1380000000", "a mainland mobile has 11 digits, this has 10"),
        ("138000000011", "a mainland mobile has 11 digits, this has 12"),
        ("12345678901", "no mainland mobile begins with 12"),
        ("13800000001/13900000002", "two numbers stand in one cell: keep one"),
        ("13800000001、13900000002", "two numbers stand in one cell: keep one"),
        ("+1 212 555 01", "this is too short for a phone number"),
        ("+999 1234567", "this begins with no country's code"),
        ("021-64321234 ext. 801", "this number has an extension: keep the number alone"),
    ],
)
def test_a_wrong_phone_is_refused_with_its_reason(written, why):
    assert reason(normalise_phone, written) == why


def test_the_phones_of_the_chain_are_refused_as_they_were_made():
    reasons: Counter[str] = Counter()
    foreign = 0
    with open_table(real("contacts_gb18030.csv")) as table:
        written = [row.values["手机号"] for row in table.rows()]
    for phone in filter(None, written):
        try:
            foreign += not normalise_phone(phone).e164.startswith("+86")
        except Unusable as refused:
            reasons[refused.message] += 1
    assert reasons.pop(ROUNDED) == 45
    assert reasons.total() == 39
    assert foreign == 15


# E-mail and ids


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Ana.Lopez@Example.COM ", "Ana.Lopez@example.com"),
        ("fang+gym@qq.com", "fang+gym@qq.com"),
        ("fang＠qq．com", "fang@qq.com"),
        ("mailto:fang@qq.com", "fang@qq.com"),
        ("info@例子.中国", "info@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_an_address_is_written_in_one_way(written, address):
    assert normalise_email(written) == address
    assert normalise_email(address) == address


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("无", "an e-mail address has one @"),
        ("a@b@c.com", "an e-mail address has one @"),
        ("a..b@c.com", "what stands before the @ is no mailbox name"),
        ("a b@c.com", "what stands before the @ is no mailbox name"),
        ("方@c.com", "before the @ stand characters that mail cannot carry"),
        ("a@localhost", "what stands after the @ is no mail domain"),
        ("a@-x.com", "what stands after the @ is no mail domain"),
        ("a@127.0.0.1", "what stands after the @ is no mail domain"),
        ("a@x..com", "what stands after the @ is no mail domain"),
        ("a@" + "x" * 64 + ".com", "what stands after the @ is no mail domain"),
        ("a@x.com\nBcc: b@y.com", "an e-mail address has one @"),
        ("a" * 64 + "@" + ".".join(["x" * 60] * 4) + ".com", "this e-mail address is too long"),
    ],
)
def test_what_is_no_address_is_refused(written, why):
    assert reason(normalise_email, written) == why


def test_two_spellings_of_a_mailbox_have_one_key():
    assert email_key(normalise_email("Ana@Example.com")) == email_key(normalise_email("ana@example.COM"))


def test_a_resident_id_is_checked_as_the_standard_says():
    assert normalise_resident_id("11010519491231002X") == "11010519491231002X"
    assert normalise_resident_id(" 110105 19491231 002x ") == "11010519491231002X"
    assert normalise_resident_id("440524188001010014") == "440524188001010014"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("110105194912310021", "the check character of this resident id is wrong: a digit is mistyped"),
        ("11010519491331002X", "the date of birth in this resident id does not exist"),
        ("1101051949123100", "a resident id has 18 characters, this has 16"),
        ("11010519491231ABCX", "a resident id is 17 digits and a digit or X"),
        ("110105491231002", "this is a resident id of the first generation: ask for the one of 18 characters"),
        ("1.10105194912310E+17", ROUNDED),
    ],
)
def test_a_wrong_resident_id_is_refused_with_its_reason(written, why):
    assert reason(normalise_resident_id, written) == why


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("13607.0", "13607"),
        (" ab-01 ", "ab-01"),
        ("ＶＩＰ００１", "VIP001"),
        ("007", "007"),
        ("'007", "007"),
        ("1.50", "1.50"),
    ],
)
def test_an_external_id_keeps_its_case_and_zeros(written, value):
    assert normalise_external_id(written) == value


def test_an_external_id_is_neither_empty_nor_rounded_nor_endless():
    assert reason(normalise_external_id, " ") == "the id is empty"
    assert reason(normalise_external_id, "6.22E+18") == ROUNDED
    assert reason(normalise_external_id, "x" * 65) == "an id has at most 64 characters"


# Dates

days = st.dates(datetime.date(1900, 1, 1), TODAY)
SPELLINGS = (
    "{y}-{m:02}-{d:02}",
    "{y}/{m}/{d}",
    "{y}.{m:02}.{d:02}",
    "{y}{m:02}{d:02}",
    "{y}年{m}月{d}日",
    "{y}-{m}-{d}",
)


@given(day=days, spelling=st.sampled_from(SPELLINGS), wide=st.booleans())
def test_any_spelling_of_a_day_is_the_same_day(day, spelling, wide):
    written = spelling.format(y=day.year, m=day.month, d=day.day)
    written = written.translate(FULL_WIDTH) if wide else written
    assert parse_date(written) == day
    assert parse_birthday(written, TODAY) == Birthday(day.year, day.month, day.day)


@given(day=days, spelling=st.sampled_from(("--{m:02}-{d:02}", "{m}月{d}日", "{m:02}-{d:02}", "{m}/{d}")))
def test_a_birthday_may_lack_its_year(day, spelling):
    birthday = parse_birthday(spelling.format(m=day.month, d=day.day), TODAY)
    assert birthday == Birthday(None, day.month, day.day)
    assert Birthday.stored(str(birthday)) == birthday


def test_a_birthday_reads_as_it_is_stored():
    assert str(Birthday(1990, 2, 28)) == "1990-02-28"
    assert str(parse_birthday("2月29日", TODAY)) == "--02-29"
    assert Birthday.stored("1990-02-28") == Birthday(1990, 2, 28)


def test_the_time_of_day_is_dropped():
    assert parse_date("2011-10-30T16:17:00") == datetime.date(2011, 10, 30)
    assert parse_date("2011/10/30 16:17") == datetime.date(2011, 10, 30)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1985/13/1", "there is no month 13"),
        ("2月30日", "month 2 has no day 30"),
        ("1990-02-30", "month 2 of 1990 has no day 30"),
        ("1990-02-29", "month 2 of 1990 has no day 29"),
        ("0000-00-00", "there is no year 0"),
        ("未知", "this is no date"),
        ("", "this is no date"),
        ("85-05-10", "write the year with four digits"),
        ("85年5月10日", "write the year with four digits"),
        ("5/10/85", "write the year with four digits"),
        ("24/05/1955", "write the year first, as in 1955-05-24"),
        ("农历三十", "this is no day of the lunar calendar: write it as 农历1990年八月十五"),
        ("农历1990年闰四月初三", "the lunar year 1990 has no leap month 4"),
        ("农历2025年二月三十", "month 2 of the lunar year 2025 has no day 30"),
        ("农历1899年五月初五", "the lunar calendar is known from 1900 to 2100 only"),
        ("农历十三月初五", "this is no day of the lunar calendar: write it as 农历1990年八月十五"),
        ("农历13月5日", "there is no month 13"),
        ("农历五月31", "a month of the lunar calendar has no day 31"),
        ("31324", "this is no date: write it as 1955-05-24"),
        ("1985", "this is no date: write it as 1955-05-24"),
        ("2026-11-22", "this birthday lies in the future"),
        ("1899-12-31", "a birthday before 1900 is a mistake"),
    ],
)
def test_an_impossible_birthday_is_refused_with_its_reason(written, why):
    assert reason(parse_birthday, written, TODAY) == why


def test_a_date_without_a_year_is_no_date():
    assert reason(parse_date, "5月10日") == "the year is missing"


def test_the_birthdays_of_the_chain_are_refused_as_they_were_made():
    refused: Counter[str] = Counter()
    yearless = 0
    with open_table(real("contacts_gb18030.csv")) as table:
        written = [row.values["生日"] for row in table.rows()]
    for birthday in filter(None, written):
        try:
            yearless += parse_birthday(birthday, TODAY).year is None
        except Unusable as problem:
            refused[problem.message] += 1
    assert refused.total() == 51
    assert yearless == 82


def test_the_other_columns_of_the_chain_are_all_usable():
    with open_table(real("contacts_gb18030.csv")) as table:
        rows = [row.values for row in table.rows()]
    for row in rows:
        normalise_name(row["姓名"] or "")
        normalise_gender(row["性别"])
        normalise_consent(row["短信授权"])
        parse_date(row["入会日期"] or "")
    amounts = [parse_amount(row["储值余额"]) for row in rows if row["储值余额"]]
    assert len(amounts) == 1943


def test_febrl_has_three_impossible_birthdays():
    refused = 0
    with open_table(real("people.csv")) as table:
        written = [row.values["date_of_birth"] for row in table.rows()]
    for birthday in filter(None, written):
        try:
            parse_birthday(birthday, TODAY)
        except Unusable:
            refused += 1
    assert refused == 3


# Words, amounts, names


@pytest.mark.parametrize("word", ["男", "M", "male", "先生", "１", "1.0"])
def test_men_are_written_in_many_ways(word):
    assert normalise_gender(word) == "male"


@pytest.mark.parametrize("word", ["女", "f", "Female", "女士", "2"])
def test_women_are_written_in_many_ways(word):
    assert normalise_gender(word) == "female"


@pytest.mark.parametrize("word", [None, "", " ", "未知", "unknown", "保密"])
def test_a_gender_may_be_unknown(word):
    assert normalise_gender(word) is None


@pytest.mark.parametrize("word", ["同意", "是", "Y", "1", "true", "TRUE", "yes"])
def test_a_consent_is_granted(word):
    assert normalise_consent(word) == "granted"


@pytest.mark.parametrize("word", ["不同意", "否", "N", "0", "false", "退订"])
def test_a_consent_is_refused(word):
    assert normalise_consent(word) == "refused"


def test_nobody_agrees_by_silence_or_by_an_unknown_word():
    assert normalise_consent("") is None
    assert normalise_consent(None) is None
    assert "neither a consent nor a refusal" in reason(normalise_consent, "maybe")
    assert "gender is not known" in reason(normalise_gender, "robot")


@pytest.mark.parametrize(
    ("written", "amount"),
    [("¥1,771", "1771"), ("1462.20", "1462.20"), ("￥88", "88"), ("43,540", "43540"), ("88元", "88"), ("-¥5.5", "-5.5"),
     ("RMB 1,234,567.89", "1234567.89"), ("0", "0")],
)  # fmt: skip
def test_an_amount_loses_its_signs_and_nothing_else(written, amount):
    assert parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize("written", ["$5", "1,77", "5 apples", "", "1.2.3", "一百", "3.5万"])
def test_what_is_no_amount_of_that_currency_is_refused(written):
    assert reason(parse_amount, written) == "this is no amount in CNY"


def test_each_currency_has_its_signs():
    assert parse_amount("£2.55", "GBP") == Decimal("2.55")
    assert parse_amount("USD 1,000", "USD") == Decimal(1000)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" 郭军　", "郭军"),
        ("王　伟", "王伟"),
        ("\u200b王\ufeff伟", "王伟"),
        ("Ana   María\tLópez", "Ana María López"),
        ("Ａｎａ", "Ana"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 . 买买提", "阿卜杜拉·买买提"),
        ("𠮷伟", "𠮷伟"),
        ("王 Wei", "王 Wei"),
    ],
)
def test_a_name_is_written_in_one_way(written, name):
    assert normalise_name(written) == name


def test_a_name_is_neither_empty_nor_endless():
    assert reason(normalise_name, " \u200b ") == "the name is empty"
    assert reason(normalise_name, "x" * 101) == "a name has at most 100 characters"


@given(st.text())
def test_plain_is_done_in_one_step(text):
    once = plain(text)
    assert "\0" not in once
    assert once == once.strip()
    once.encode()
