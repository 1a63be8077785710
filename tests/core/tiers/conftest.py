"""Who takes part in tests of tiers, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from core.tiers.ladder import three_tiers
from signed_in import owner

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.members.service import NewMember, create_member

__all__ = ["owner"]

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with clock.frozen(NOW), system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


@pytest.fixture
async def ladder(store: UUID) -> None:
    """Silver from 1 000 yuan, gold from 5 000, diamond from 10 000 and twelve visits."""
    await three_tiers()
