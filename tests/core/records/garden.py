"""A garden's plugin: a record type with every kind of field, and nothing else."""

from datetime import date
from decimal import Decimal

from piccolo.columns import Boolean, Date, Numeric, SmallInt, Text, Varchar

from tessera.plugin import Record
from tessera_hooks import (
    Band,
    Bands,
    ChoiceField,
    DateField,
    Derived,
    Manifest,
    Measure,
    RecordType,
    Role,
    TextField,
    YesNoField,
    _,
    hookimpl,
)

MANIFEST = Manifest(name="garden", title=_("Garden"))


class Diary(Record, schema="garden", tablename="diary"):
    rain = Numeric(digits=(5, 2), null=True, default=None)
    area = Numeric(digits=(6, 0), null=True, default=None)
    soil = Varchar(length=10, null=True, default=None)
    weeded = Boolean(null=True, default=None)
    sown_on = Date(null=True, default=None)
    remark = Text(null=True, default=None)
    secret = Text(null=True, default=None)
    litres = Numeric(digits=(9, 1), null=True, default=None)
    litres_version = SmallInt(null=True, default=None)


def litres(row, person):
    return row["rain"] * row["area"]


diary = RecordType(
    Diary,
    title=_("Diary"),
    plural=_("Diaries"),
    fields=[
        Measure(Diary.rain, label=_("Rain"), unit="mm", low=0, high=500, decimals=2, required=True),
        Measure(Diary.area, label=_("Area"), unit="m²", low=1, high=5000, decimals=0, carry=True),
        ChoiceField(Diary.soil, label=_("Soil"), options={"clay": _("Clay"), "sand": _("Sand")}),
        YesNoField(Diary.weeded, label=_("Weeded")),
        DateField(Diary.sown_on, label=_("Sown on")),
        TextField(Diary.remark, label=_("Remark"), max_length=200),
        TextField(Diary.secret, label=_("Where the key lies"), sensitive=True, long=True),
    ],
    derived=[
        Derived(
            Diary.litres,
            _("Water"),
            litres,
            inputs=[Diary.rain, Diary.area, "age"],
            unit="l",
            bands=Bands("nobody", date(2020, 1, 1), (Band(_("dry"), Decimal(100), "low"), Band(_("wet"), None))),
        )
    ],
    visible="store",
)


@hookimpl
def record_types():
    return [diary]


@hookimpl
def roles():
    return [Role("gardener", _("Gardener"), ["members.read", "garden.diary.read", "garden.diary.write"])]
