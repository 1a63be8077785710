"""Where the core meets this plugin: one function per hook, no logic."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tessera_hooks import RecordType, Role, Rule, Text, hookimpl
from tessera_physio import service
from tessera_physio.records import treatment
from tessera_physio.roles import therapist
from tessera_physio.rules import still_hurts


@hookimpl
def record_types() -> list[RecordType]:
    return [treatment]


@hookimpl
def roles() -> list[Role]:
    return [therapist]


@hookimpl
def rules() -> list[Rule]:
    return [still_hurts]


@hookimpl
async def member_summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    return await service.summaries(members)
