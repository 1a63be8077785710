"""Who takes part in tests of the ledger, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from core.points.people import START, Holder, new_holder

from tessera.access.actor import system_actor
from tessera.kernel import clock


@pytest.fixture
async def ana(business: None) -> Holder:
    return await new_holder()


@pytest.fixture
def holder(business: None) -> Callable[[], Awaitable[Holder]]:
    return new_holder


@pytest.fixture(autouse=True)
def in_march() -> Iterator[None]:
    with clock.frozen(START), system_actor():
        yield
