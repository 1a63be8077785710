"""Derived values: computed from a record and its person when it is written, with what is missing named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tessera.records.kinds import Kind, column_name
from tessera_hooks import Band, Derived, Person, Text, _

SEX = "sex"
AGE = "age"


@dataclass(frozen=True)
class Birth:
    """What is known of a member for formulas: recorded gender, and as much of the birth date as was told."""

    gender: str | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None

    def person_on(self, on: date) -> Person:
        """The member on a record's day; without a full birth date the age is not known."""
        sex: Any = self.gender if self.gender in ("male", "female") else None
        return Person(sex=sex, age=self._age(on))

    def _age(self, on: date) -> int | None:
        if self.year is None or self.month is None or self.day is None:
            return None
        age = on.year - self.year - ((on.month, on.day) < (self.month, self.day))
        return age if age >= 0 else None


def computed(kind: Kind, row: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """The derived columns and their versions for a row; no value where an input is missing.

    They are computed in the order of their declaration, so that one may stand on another.
    """
    known = dict(row)
    made: dict[str, Any] = {}
    for name, derived in kind.derived.items():
        value = None if missing_inputs(kind, derived, known, person) else derived.formula(known, person)
        if value is not None:
            value = value.quantize(Decimal(1).scaleb(-derived.decimals), ROUND_HALF_UP)
        known[name] = made[name] = value
        made[f"{name}_version"] = None if value is None else derived.version
    return made


def missing_inputs(kind: Kind, derived: Derived, row: Mapping[str, Any], person: Person) -> list[Text]:
    """What a formula would need and does not have, as people call it."""
    missing: list[Text] = []
    for needed in derived.inputs:
        if not isinstance(needed, str):
            if row.get(column_name(needed)) is None:
                missing.append(kind.label(column_name(needed)))
        elif needed == AGE and person.age is None:
            missing.append(_("Birth date"))
        elif needed == SEX and person.sex is None:
            missing.append(_("Sex"))
    return missing


def band_of(derived: Derived, value: Decimal | None, person: Person) -> Band | None:
    """The band of a stored value on its day; ``None`` outside of the population it was made for."""
    if value is None or derived.bands is None:
        return None
    return derived.bands.band(value, person)
