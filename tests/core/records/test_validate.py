"""Values of records: what is taken, what is refused, and in which words."""

from datetime import date
from decimal import Decimal

import pytest
from core.records.garden import diary
from hypothesis import assume, given
from hypothesis import strategies as st

from tessera.kernel.errors import Invalid
from tessera.kernel.texts import translate, use_locale
from tessera.members.service import MaskedValue
from tessera.records.forms import as_typed
from tessera.records.kinds import Kind, plural
from tessera.records.validate import checked
from tessera_fitness.records import body_test as declared

TODAY = date(2026, 11, 21)
BODY_TEST = Kind("fitness", declared)
DIARY = Kind("garden", diary)
WEIGHT = BODY_TEST.fields["weight"]


def message(kind: Kind, values: dict[str, object], name: str, **how: bool) -> str:
    """The one thing that is wrong with the values."""
    with pytest.raises(Invalid) as refused:
        checked(kind, values, TODAY, **how)
    assert [e.field for e in refused.value.errors] == [name]
    return str(refused.value.errors[0].message)


@given(st.decimals(min_value=WEIGHT.low, max_value=WEIGHT.high, places=1))
def test_any_value_within_the_bounds_is_taken_and_comes_back_as_it_was_typed(value):
    assert checked(BODY_TEST, {"weight": str(value)}, TODAY)["weight"] == value
    assert checked(BODY_TEST, {"weight": float(value)}, TODAY)["weight"] == value
    assert checked(BODY_TEST, {"weight": as_typed(value)}, TODAY)["weight"] == value


@given(st.decimals(min_value=-10_000, max_value=10_000, places=1))
def test_any_value_outside_of_the_bounds_is_refused_in_the_same_words(value):
    assume(not WEIGHT.low <= value <= WEIGHT.high)
    for given_as in (str(value), float(value), value):
        assert message(BODY_TEST, {"weight": given_as}, "weight") == "Weight must be between 20 and 350 kg"


@pytest.mark.parametrize("written", ["70.2", "70,2", " 70.2 ", "７０．２", "７０，２", "70.20", "+70.2", 70.2])
def test_numbers_are_read_as_people_write_them(written):
    assert checked(BODY_TEST, {"weight": written}, TODAY)["weight"] == Decimal("70.2")


@pytest.mark.parametrize("written", ["abc", "1,234,5", "70.2.1", "7_0", "nan", "inf", True, [70], "9" * 60, "--1"])
def test_what_is_no_number_is_refused_with_an_example(written):
    with pytest.raises(Invalid) as refused:
        checked(BODY_TEST, {"weight": written}, TODAY)
    assert str(refused.value.errors[0].message) == "Weight must be a number, such as 185.0"


def test_digits_that_nobody_measured_are_refused_rather_than_rounded():
    assert message(BODY_TEST, {"weight": "70.25"}, "weight") == "Weight has at most 1 decimal places"
    assert message(DIARY, {"rain": 1, "area": "7.5"}, "area") == "Area is a whole number"


@pytest.mark.parametrize("bound", ["20", "350"])
def test_bounds_belong_to_what_is_taken(bound):
    assert checked(BODY_TEST, {"weight": bound}, TODAY)["weight"] == Decimal(bound)


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(Invalid) as refused:
        checked(BODY_TEST, {"height": "7", "weight": "x", "body_fat": 99, "recorded_on": "2027-01-01"}, TODAY)
    assert {e.field for e in refused.value.errors} == {"height", "weight", "body_fat", "recorded_on"}


def test_a_required_value_is_asked_for():
    assert message(DIARY, {"area": 7}, "rain") == "Rain is missing"


def test_a_correction_may_leave_out_what_is_required_but_not_empty_it():
    assert checked(DIARY, {"area": 7}, TODAY, partial=True) == {"area": 7}
    assert message(DIARY, {"rain": ""}, "rain", partial=True) == "Rain is missing"


def test_a_record_of_nothing_is_refused():
    assert message(BODY_TEST, {"height": "", "note": " "}, "height") == "fill in at least one value"


def test_a_note_alone_is_a_record():
    assert checked(BODY_TEST, {"note": "Knee hurts"}, TODAY)["note"] == "Knee hurts"


def test_the_day_is_today_unless_given():
    assert checked(BODY_TEST, {"weight": 70}, TODAY)["recorded_on"] == TODAY


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-22", "The date lies in the future"),
        ("1899-12-31", "The date is too long ago"),
        ("21/11/2026", "Date must be a date, such as 2026-11-21"),
        ("2026-02-30", "Date must be a date, such as 2026-11-21"),
    ],
)
def test_a_day_that_cannot_be_is_refused(day, said):
    assert message(BODY_TEST, {"weight": 70, "recorded_on": day}, "recorded_on") == said


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        ({"soil": "rock"}, "soil", "Soil must be one of clay, sand"),
        ({"weeded": "perhaps"}, "weeded", "Weeded must be yes or no"),
        ({"sown_on": "soon"}, "sown_on", "Sown on must be a date, such as 2026-11-21"),
        ({"remark": "x" * 201}, "remark", "Remark has at most 200 characters"),
        ({"remark": 7}, "remark", "Remark must be text"),
        ({"note": "x" * 2001}, "note", "Note has at most 2000 characters"),
    ],
)
def test_each_kind_of_field_says_what_it_takes(values, name, said):
    assert message(DIARY, {"rain": 1, **values}, name) == said


@pytest.mark.parametrize(("written", "meant"), [("yes", True), ("no", False), (True, True), ("是", True), ("", None)])
def test_yes_and_no_are_understood(written, meant):
    assert checked(DIARY, {"rain": 1, "weeded": written}, TODAY)["weeded"] is meant


def test_a_mask_is_not_taken_as_the_value_it_hides():
    with pytest.raises(MaskedValue):
        checked(DIARY, {"rain": 1, "secret": "****"}, TODAY)


def test_messages_speak_the_language_of_the_person(plugin_host):
    with pytest.raises(Invalid) as refused:
        checked(BODY_TEST, {"weight": 7}, TODAY)
    with use_locale("zh_Hans"):
        assert "体重" in translate(refused.value.errors[0].message)


@pytest.mark.parametrize(("one", "many"), [("body_test", "body_tests"), ("diary", "diaries"), ("wash", "washes")])
def test_addresses_are_plural(one, many):
    assert plural(one) == many
