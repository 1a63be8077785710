"""A treatment as people see it."""

from __future__ import annotations

from tessera_hooks import ChoiceField, Derived, Measure, RecordType, _
from tessera_physio import formulas
from tessera_physio.tables import Treatment

treatment = RecordType(
    Treatment,
    title=_("Treatment"),
    plural=_("Treatments"),
    icon="massage",
    fields=[
        ChoiceField(
            Treatment.region,
            label=_("Region"),
            required=True,
            options={
                "neck": _("Neck"),
                "shoulder": _("Shoulder"),
                "back": _("Back"),
                "hip": _("Hip"),
                "knee": _("Knee"),
                "ankle": _("Ankle"),
            },
        ),
        Measure(
            Treatment.pain_before,
            label=_("Pain before"),
            hint=_("0 is none, 10 the worst one can imagine"),
            unit="/10",
            low=0,
            high=formulas.WORST,
            decimals=0,
            required=True,
        ),
        Measure(
            Treatment.pain_after,
            label=_("Pain after"),
            unit="/10",
            low=0,
            high=formulas.WORST,
            decimals=0,
            chart=True,
        ),
    ],
    derived=[
        Derived(
            Treatment.relief,
            _("Relief"),
            formulas.relief,
            inputs=[Treatment.pain_before, Treatment.pain_after],
            decimals=0,
            chart=True,
        ),
    ],
)
