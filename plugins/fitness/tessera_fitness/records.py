"""What a gym records about members, as people see it."""

from __future__ import annotations

from tessera_fitness import formulas
from tessera_fitness.tables import BodyTest
from tessera_hooks import Derived, Measure, RecordType, _

body_test = RecordType(
    BodyTest,
    title=_("Body test"),
    plural=_("Body tests"),
    icon="activity",
    fields=[
        Measure(BodyTest.height, label=_("Height"), unit="cm", low=80, high=250, carry=True),
        Measure(BodyTest.weight, label=_("Weight"), unit="kg", low=20, high=350, chart=True),
        Measure(BodyTest.body_fat, label=_("Body fat"), unit="%", low=2, high=70, chart=True),
    ],
    derived=[
        Derived(
            BodyTest.bmi,
            _("BMI"),
            formulas.bmi,
            inputs=[BodyTest.height, BodyTest.weight],
            unit="kg/m²",
            bands=formulas.WS_T_428_ADULT,
            chart=True,
        ),
    ],
    natural_key=[BodyTest.recorded_on],
)
