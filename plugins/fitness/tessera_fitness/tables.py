"""What a gym keeps about its members."""

from __future__ import annotations

from piccolo.columns import Numeric, SmallInt

from tessera.plugin import Record


class BodyTest(Record, schema="fitness", tablename="body_test"):
    """One body test: height in cm, weight in kg, body fat in %, and the BMI in kg/m² computed from them."""

    height = Numeric(digits=(4, 1), null=True, default=None)
    weight = Numeric(digits=(4, 1), null=True, default=None)
    body_fat = Numeric(digits=(3, 1), null=True, default=None)
    bmi = Numeric(digits=(4, 1), null=True, default=None)
    bmi_version = SmallInt(null=True, default=None)
