"""One record type with one of every kind of field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tessera_dummy.tables import Check, Habit
from tessera_hooks import (
    Band,
    Bands,
    ChoiceField,
    DateField,
    Derived,
    Measure,
    Person,
    RecordType,
    TextField,
    YesNoField,
    _,
)


def double(row: Mapping[str, Any], person: Person) -> Decimal | None:
    """Twice the score: no source but arithmetic."""
    score = row["score"]
    return None if score is None else Decimal(2) * score


HALVES = Bands(
    source="the test suite",
    published=date(2026, 1, 1),
    bands=(Band(_("Lower half"), Decimal(100), "low"), Band(_("Upper half"), None, "ok")),
    min_age=18,
)

check_up = RecordType(
    Check,
    title=_("Check-up"),
    plural=_("Check-ups"),
    icon="stethoscope",
    fields=[
        Measure(Check.score, label=_("Score"), unit="pt", low=0, high=100, decimals=2, chart=True, required=True),
        TextField(Check.remark, label=_("Remark"), long=True, max_length=200),
        ChoiceField(Check.colour, label=_("Colour"), options={"red": _("Red"), "green": _("Green")}),
        YesNoField(Check.passed, label=_("Passed")),
        DateField(Check.next_on, label=_("Next on")),
    ],
    derived=[Derived(Check.doubled, _("Doubled"), double, inputs=[Check.score], decimals=2, bands=HALVES)],
    natural_key=[Check.recorded_on],
)

habit = RecordType(
    Habit,
    title=_("Habit"),
    plural=_("Habits"),
    icon="cup",
    fields=[
        ChoiceField(Habit.drink, label=_("Drink"), options={"tea": _("Tea"), "coffee": _("Coffee")}),
        Measure(Habit.sugar, label=_("Sugar"), unit="g", low=0, high=50, decimals=1),
        TextField(Habit.worry, label=_("Worry"), sensitive=True, max_length=200),
    ],
    on_merge="keep_newest",
    profile=True,
)
