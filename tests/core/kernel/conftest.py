"""A database of a test's own, for those that change the schema or take whole plugins away."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tessera import domains
from tessera.kernel import database, generation
from tessera.kernel.business import set_business
from tessera.kernel.migrations import find_migrations, migrate
from tessera.kernel.plugins import PluginHost, discover, load_host, use_host
from tessera.kernel.plugins.state import enable, record_plugins
from tessera.testing import TEMPLATE

LOCAL = Path(__file__).parent / "local"


async def _administer(config: dict[str, object], sql: str) -> None:
    connection = await asyncpg.connect(**{**config, "database": "postgres"})
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def own_database(
    database_pool: None, database_config: dict[str, object], plugin_host: PluginHost
) -> AsyncIterator[dict[str, object]]:
    """A migrated database that nobody else uses; the test may do to it what it likes."""
    name = f"own_{os.getpid()}"
    await database.disconnect()
    await _administer(database_config, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await _administer(database_config, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    config = {**database_config, "database": name}
    await database.connect(config)
    yield config
    await database.disconnect()
    await _administer(database_config, f"DROP DATABASE {name} WITH (FORCE)")
    use_host(plugin_host)
    await database.connect(dict(database_config), max_size=12)
    await generation.reread()


@pytest.fixture
def without_sauna(own_database: dict[str, object], plugin_host: PluginHost) -> PluginHost:
    """The host as it is when the sauna's code is not installed."""
    use_host(plugin_host)
    return plugin_host


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
