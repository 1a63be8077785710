"""What the pages of the core show of a gym's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import latest_records, records_today, translate
from tessera_fitness.tables import BodyTest
from tessera_hooks import Text, _


async def summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    """The last BMI of each member who has one, with its band where it has one."""
    said: dict[UUID, Text] = {}
    for member, entry in (await latest_records(BodyTest, members)).items():
        value, band = entry.values["bmi"], entry.band("bmi")
        if value is not None and band is not None:
            said[member] = _("BMI {bmi}, {band}", bmi=str(value), band=translate(band.label))
        elif value is not None:
            said[member] = _("BMI {bmi}", bmi=str(value))
    return said


async def today_card(_member: UUID | None) -> Mapping[str, Any]:
    """How many body tests there were today, the last few by name."""
    return {"tests": await records_today(BodyTest)}
