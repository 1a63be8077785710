"""People who work here, with what they may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from tessera.access import service
from tessera.access.actor import Actor, acting_as, system_actor
from tessera.access.service import StaffFacts

PASSWORD = "three quiet lanterns"
OWN = ["members.read@own", "members.write@own", "purchases.read@own", "points.read@own", "points.write@own"]

Hire = Callable[..., Awaitable[StaffFacts]]


@pytest.fixture
def hire(store: UUID) -> Hire:
    """Makes staff: ``await hire("ana", "owner")``, or with a store's code."""

    async def hired(login: str, role: str = "cashier", store_code: str = "main") -> StaffFacts:
        with system_actor():
            return await service.add_staff(login, login.title(), PASSWORD, role_code=role, store_code=store_code)

    return hired


@pytest.fixture
async def coach(hire: Hire) -> StaffFacts:
    """Wang Li, who sees her own members alone."""
    with system_actor():
        await service.keep_role("coach", "Coach", [*OWN, "fitness.body_test.read@own", "fitness.body_test.write@own"])
    return await hire("wang.li", "coach", "main")


async def as_actor(person: StaffFacts) -> Actor:
    """A person as they are when signed in."""
    found = await service.resume(await service.open_session(person.id))
    assert found is not None
    return found


__all__ = ["OWN", "PASSWORD", "acting_as", "as_actor"]
