"""A local plugin that the tests of the kernel take away and bring back."""

from __future__ import annotations

from pathlib import Path

import pytest_asyncio

from tessera import domains
from tessera.kernel.business import set_business
from tessera.kernel.migrations import find_migrations, migrate
from tessera.kernel.plugins import PluginHost, discover, load_host
from tessera.kernel.plugins.state import enable, record_plugins

LOCAL = Path(__file__).parent / "local"


@pytest_asyncio.fixture(loop_scope="session")
async def with_sauna(own_database: dict[str, object]) -> PluginHost:
    """A business in which the local plugin ``sauna`` is installed and enabled everywhere."""
    host = load_host(discover(LOCAL), domains.DOMAINS, domains.derivations())
    await record_plugins(host)
    sauna = host.plugins["sauna"].candidate
    await migrate([find_migrations("sauna", sauna.migrations_folder, sauna.package)])
    await set_business("Harbour Gym", "CNY", "Asia/Shanghai", "en")
    await enable("sauna")
    return host
