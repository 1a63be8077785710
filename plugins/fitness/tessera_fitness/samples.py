"""Invented body tests for demonstrations: the same ones every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from tessera.plugin import add_record, business, members, stores
from tessera_fitness.tables import BodyTest
from tessera_hooks import SampleData

SEED = 20_261_121
SPAN = 182
"""Days over which tests are spread: half a year."""

OFTEN = 26
"""Days between two tests, about."""


@dataclass(frozen=True)
class Body:
    """How someone begins, and how much changes in a month."""

    height: float
    bmi: float
    fat: float
    bmi_change: float
    fat_change: float


async def create(member_ids: Sequence[UUID]) -> None:
    """Body tests of the last half year for two of three members, each with a trend of their own."""
    chance = Random(SEED)
    today = business().today()
    first_store = stores()[0].id
    for number, member in enumerate(member_ids):
        seen = await members.member(member)
        body = invented_body(chance, seen.gender)
        if number % 3 != 2:
            for values in tests_of(chance, body, today):
                await add_record(BodyTest, member, values, store=seen.store or first_store)


def invented_body(chance: Random, gender: str | None) -> Body:
    """Somebody: most lose a little weight and fat, some gain."""
    male = gender == "male"
    return Body(
        height=chance.gauss(173 if male else 161, 6),
        bmi=chance.uniform(20, 29),
        fat=chance.uniform(15, 27) if male else chance.uniform(22, 34),
        bmi_change=chance.uniform(-0.5, 0.15),
        fat_change=chance.uniform(-0.9, 0.2),
    )


def tests_of(chance: Random, body: Body, today: date) -> list[dict[str, object]]:
    """Their tests, oldest first, with the small swings that every body has."""
    height = Decimal(str(round(body.height, 1)))
    made: list[dict[str, object]] = []
    days_ago = SPAN - chance.randrange(OFTEN)
    while days_ago >= 0:
        months = (SPAN - days_ago) / 30
        bmi = body.bmi + body.bmi_change * months + chance.gauss(0, 0.12)
        fat = body.fat + body.fat_change * months + chance.gauss(0, 0.3)
        made.append(
            {
                "recorded_on": today - timedelta(days=days_ago),
                "height": height,
                "weight": Decimal(str(round(bmi * (body.height / 100) ** 2, 1))),
                "body_fat": Decimal(str(round(max(fat, 6), 1))),
            }
        )
        days_ago -= OFTEN + chance.randrange(-8, 9)
    return made


half_a_year = SampleData(create)
