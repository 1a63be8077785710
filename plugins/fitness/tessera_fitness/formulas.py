"""What is computed from a body test, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tessera_hooks import Band, Bands, Person, _

CM_PER_M = 100


def bmi(row: Mapping[str, Any], _person: Person) -> Decimal | None:
    """Body mass index in kg/m²: weight divided by the square of height.

    Source: WHO, "Obesity: preventing and managing the global epidemic", Technical Report Series 894
    (2000), section 2.1. Weight in kg and height in cm, both above zero.
    """
    height, weight = row["height"], row["weight"]
    if not height or not weight:
        return None
    metres = Decimal(height) / CM_PER_M
    return Decimal(weight) / (metres * metres)


WS_T_428_ADULT = Bands(
    source="WS/T 428-2013, Criteria of weight for adults (National Health and Family Planning Commission, China)",
    published=date(2013, 4, 18),
    min_age=18,
    bands=(
        Band(_("underweight"), Decimal("18.5"), "low"),
        Band(_("normal"), Decimal(24), "ok"),
        Band(_("overweight"), Decimal(28), "high"),
        Band(_("obese"), None, "alarm"),
    ),
)
"""Bands of the BMI for adults of 18 years and over, judged to one decimal as it is shown.

Children and adolescents are judged by tables of sex and age, so they have no band here.
"""
