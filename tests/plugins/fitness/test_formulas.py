"""The BMI and its bands, against published values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.records.formulas import Birth, computed
from tessera.records.kinds import Kind
from tessera_fitness.formulas import WS_T_428_ADULT, bmi
from tessera_fitness.records import body_test
from tessera_hooks import Person

BODY_TEST = Kind("fitness", body_test)
ADULT = Person("female", 36)


def stored(height: str | None, weight: str | None, person: Person = ADULT) -> Decimal | None:
    """The BMI as it is kept."""
    row = {"height": height and Decimal(height), "weight": weight and Decimal(weight), "body_fat": None}
    return computed(BODY_TEST, row, person)["bmi"]


@pytest.mark.parametrize(
    ("height", "weight", "published"),
    [
        ("175", "70", "22.9"),  # WHO, fact sheet "Body mass index", worked example
        ("165", "68", "25.0"),  # CDC, "Calculating BMI using the metric system": 24.98
        ("160", "47.4", "18.5"),  # the lower bound of normal weight at 160 cm
        ("180", "97.2", "30.0"),
    ],
)
def test_the_bmi_is_the_published_one(height, weight, published):
    assert stored(height, weight) == Decimal(published)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("18.4", "underweight"),
        ("18.5", "normal"),
        ("23.9", "normal"),
        ("24.0", "overweight"),
        ("27.9", "overweight"),
        ("28.0", "obese"),
        ("45.0", "obese"),
    ],
)
def test_bands_begin_where_the_standard_says(value, band):
    assert WS_T_428_ADULT.band(Decimal(value), ADULT).label == band


@pytest.mark.parametrize("person", [Person("male", 17), Person("male", None), Person(None, 0)])
def test_outside_of_the_population_there_is_no_band(person):
    assert WS_T_428_ADULT.band(Decimal(22), person) is None


def test_the_sex_is_not_asked_for():
    assert WS_T_428_ADULT.band(Decimal(22), Person(None, 18)).label == "normal"


@pytest.mark.parametrize(("height", "weight"), [(None, "70"), ("175", None), (None, None)])
def test_without_an_input_nothing_is_guessed(height, weight):
    assert stored(height, weight) is None


@given(
    st.decimals(min_value=80, max_value=250, places=1),
    st.decimals(min_value=20, max_value=350, places=1),
)
def test_every_body_that_can_be_recorded_has_a_bmi_that_fits_its_column(height, weight):
    value = stored(str(height), str(weight))
    assert 0 < value < 1000
    assert bmi({"height": height, "weight": weight}, ADULT) == weight / (height / 100) ** 2


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (Birth("male", 2008, 6, 1), "2026-05-31", 17),
        (Birth("male", 2008, 6, 1), "2026-06-01", 18),
        (Birth("male", 2008, 2, 29), "2026-02-28", 17),
        (Birth("male", 2008, 2, 29), "2026-03-01", 18),
        (Birth("male", None, 6, 1), "2026-06-01", None),
        (Birth("male", 2027, 6, 1), "2026-06-01", None),
    ],
)
def test_the_age_is_that_of_the_day(born, on, age):
    from datetime import date

    assert born.person_on(date.fromisoformat(on)).age == age
