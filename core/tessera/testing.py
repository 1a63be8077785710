"""Fixtures for tests of Tessera and of plugins: a real PostgreSQL, migrated once, emptied between tests.

Loaded by pytest as a plugin wherever Tessera is installed. ``db`` is an empty business-to-be;
``business`` has a name and every plugin enabled, ``store`` is a store in it, ``member`` makes members of it.
Unless a test asks for ``system``, nobody acts.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import fasteners
import httpx
import pytest
import pytest_asyncio

from tessera import domains
from tessera.access import sealing
from tessera.access.actor import Actor, system_actor
from tessera.kernel import database, embedded, generation
from tessera.kernel.business import set_business
from tessera.kernel.keys import Keys
from tessera.kernel.migrations import Found, core_migrations, find_migrations, migrate
from tessera.kernel.plugins import PluginHost, discover, load_host, use_host
from tessera.kernel.plugins.state import enable, record_plugins

TEMPLATE = "tessera_template"

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "100"}
"""Settings of a server whose data nobody will miss."""

TEST_KEYS = Keys(b"i" * 32, {1: b"d" * 64}, b"c" * 32)


@pytest.fixture(scope="session")
def plugins_folder() -> Path | None:
    """Where local plugins of the tests are; override it in a ``conftest.py``."""
    return None


@pytest.fixture(scope="session")
def plugin_host(plugins_folder: Path | None) -> PluginHost:
    """All plugins that are installed, and the local ones."""
    sealing.use_keys(TEST_KEYS)
    return load_host(discover(plugins_folder), domains.DOMAINS, domains.derivations())


def all_migrations(loaded: PluginHost) -> list[Found]:
    """The core's and every loaded plugin's migrations."""
    found = [core_migrations()]
    for plugin in loaded.plugins.values():
        found.append(find_migrations(plugin.name, plugin.candidate.migrations_folder, plugin.candidate.package))
    return found


@pytest.fixture(scope="session")
def shared_folder() -> Iterator[Path]:
    """One folder for all processes of this test run, which the database's own user may enter."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"
    folder = Path(tempfile.gettempdir()) / f"tessera-test-{run[:12]}"
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    yield folder
    if os.environ.get("PYTEST_XDIST_WORKER") is None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server(shared_folder: Path) -> Iterator[embedded.EmbeddedServer]:
    """The embedded PostgreSQL, shared by all processes of this run."""
    data = shared_folder / "data"
    data.mkdir(mode=0o711, exist_ok=True)
    server = embedded.acquire(data, options=FAST)
    yield server
    server.release()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_config(
    shared_folder: Path, database_server: embedded.EmbeddedServer, plugin_host: PluginHost
) -> AsyncIterator[dict[str, object]]:
    """A database of this process, cloned from one that was migrated once for the run."""
    server = dict(database_server.connection)
    lock = fasteners.InterProcessLock(shared_folder / "template.lock")
    await asyncio.to_thread(lock.acquire)
    try:
        await _make_template(server, all_migrations(plugin_host))
        own = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
        await _run(server, f"CREATE DATABASE {own} TEMPLATE {TEMPLATE}")
    finally:
        lock.release()
    yield {**server, "database": own}
    await _run(server, f"DROP DATABASE {own} WITH (FORCE)")


async def _run(server: dict[str, object], sql: str) -> list[object]:
    connection = await asyncpg.connect(**{**server, "database": "postgres"})
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def _make_template(server: dict[str, object], found: list[Found]) -> None:
    if await _run(server, f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'"):
        return
    making = f"{TEMPLATE}_making"
    await _run(server, f"DROP DATABASE IF EXISTS {making}")
    await _run(server, f"CREATE DATABASE {making}")
    await database.connect({**server, "database": making})
    try:
        await migrate(found)
    finally:
        await database.disconnect()
    await _run(server, f"ALTER DATABASE {making} RENAME TO {TEMPLATE}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_pool(database_config: dict[str, object]) -> AsyncIterator[None]:
    """The connected pool."""
    await database.connect(dict(database_config), max_size=12)
    yield
    await database.disconnect()


_WRITTEN = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
  AND c.relname NOT IN ('lunar_month', 'migration', 'saq_versions') AND pg_relation_size(c.oid) > 0
"""


async def empty_database() -> None:
    """Truncate what was written, and put the rows back that are always there."""
    names = [row["name"] for row in await database.fetch(_WRITTEN)]
    if names:
        await database.execute(f"TRUNCATE {', '.join(names)} CASCADE")
    await database.execute("INSERT INTO generation (id, number) VALUES (1, 1) ON CONFLICT DO NOTHING")
    await database.execute("INSERT INTO dispatcher (id, position, holder) VALUES (1, 0, '') ON CONFLICT DO NOTHING")


@pytest_asyncio.fixture(loop_scope="session")
async def db(database_pool: None, plugin_host: PluginHost) -> None:
    """An empty, migrated database without a business."""
    await empty_database()
    await record_plugins(plugin_host)
    await generation.reread()


@pytest_asyncio.fixture(loop_scope="session")
async def own_database(
    database_pool: None, database_config: dict[str, object], plugin_host: PluginHost
) -> AsyncIterator[dict[str, object]]:
    """A migrated database that no other test uses, for those that change the schema or take plugins away."""
    name = f"own_{os.getpid()}"
    await database.disconnect()
    await _run(database_config, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await _run(database_config, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    own = {**database_config, "database": name}
    await database.connect(dict(own))
    yield own
    await database.disconnect()
    await _run(database_config, f"DROP DATABASE {name} WITH (FORCE)")
    use_host(plugin_host)
    await database.connect(dict(database_config), max_size=12)
    await generation.reread()


@pytest_asyncio.fixture(loop_scope="session")
async def business(db: None, plugin_host: PluginHost) -> None:
    """A business in yuan and Shanghai's time, with every plugin enabled."""
    await set_business("Harbour Gym", "CNY", "Asia/Shanghai", "en")
    for name in plugin_host.plugins:
        await enable(name)


@pytest_asyncio.fixture(loop_scope="session")
async def store(business: None) -> UUID:
    """The business's first store, code ``main``."""
    from tessera.access import service

    return (await service.add_store("main", name="Main street")).id


@pytest.fixture
def system() -> Iterator[Actor]:
    """Tessera itself acts in the test, and may do everything."""
    with system_actor() as someone:
        yield someone


@pytest.fixture
def member(store: UUID, system: Actor) -> Callable[..., Awaitable[UUID]]:
    """Makes members of ``store``: ``await member("Ana", birthday="1990-02-28")`` answers an id."""

    async def make(name: str, **known: Any) -> UUID:
        from tessera.members import service

        return await service.create_member(service.NewMember(name=name, store=store, **known))

    return make


@pytest.fixture(scope="session")
def app(plugin_host: PluginHost) -> Any:
    """The whole web application, as an ASGI application."""
    from tessera.app import make_app

    return make_app(plugin_host)


@pytest.fixture
def api_client(app: Any, store: UUID) -> Callable[..., Awaitable[httpx.AsyncClient]]:
    """Makes clients of the JSON API: ``await api_client("members.read")`` holds a key with that permission."""

    async def make(*permissions: str, where: UUID | None = None) -> httpx.AsyncClient:
        from tessera.access import service

        with system_actor():
            key = await service.add_key("test", list(permissions or ("*",)), store=where)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers)

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def api(api_client: Callable[..., Awaitable[httpx.AsyncClient]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the JSON API that may do everything."""
    async with await api_client() as client:
        yield client
