"""Where the core meets this plugin: one function per hook, no logic."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from uuid import UUID

from tessera_fitness import points, service
from tessera_fitness.messages import we_miss_you
from tessera_fitness.records import body_test
from tessera_fitness.roles import coach
from tessera_fitness.rules import no_visit
from tessera_fitness.samples import half_a_year
from tessera_fitness.starter import gym
from tessera_hooks import (
    Award,
    MessageTemplate,
    RecordType,
    Role,
    Rule,
    SampleData,
    Slot,
    StarterSet,
    Text,
    hookimpl,
)


@hookimpl
def record_types() -> list[RecordType]:
    return [body_test]


@hookimpl
def roles() -> list[Role]:
    return [coach]


@hookimpl
def rules() -> list[Rule]:
    return [no_visit]


@hookimpl
def message_templates() -> list[MessageTemplate]:
    return [we_miss_you]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("home.card", "fitness/today.html", service.today_card, "fitness.body_test.write")]


@hookimpl
def starter_set() -> StarterSet:
    return gym


@hookimpl
def sample_data() -> SampleData:
    return half_a_year


@hookimpl
def points_multiplier(award: Award) -> Fraction | None:
    return points.off_peak_factor(award)


@hookimpl
async def member_summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    return await service.summaries(members)
