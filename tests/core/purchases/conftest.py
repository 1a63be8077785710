"""Who takes part in tests of purchases."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.state import enable
from tessera.members.service import NewMember, create_member

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_november() -> Iterator[None]:
    with clock.frozen(NOW), system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


@pytest.fixture
async def dummy(business: None, plugin_host: PluginHost) -> types.ModuleType:
    """How the dummy plugin sells, where it is enabled."""
    await enable("dummy")
    return importlib.import_module("tessera_dummy.selling")
