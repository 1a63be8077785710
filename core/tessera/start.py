"""Opening an instance: keys, plugins, database, schema; the same for pages, worker and command line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from tessera import domains
from tessera.access import sealing
from tessera.kernel import database, embedded, generation, long_jobs
from tessera.kernel.errors import CannotRun
from tessera.kernel.instance import Instance
from tessera.kernel.logs import logger
from tessera.kernel.migrations import Found, Migration, core_migrations, find_migrations, migrate, pending, refuse_newer
from tessera.kernel.plugins import PluginHost, discover, load_host
from tessera.kernel.plugins.state import record_plugins, refuse_missing
from tessera.messaging.service import links
from tessera.rules.service import check_declarations

_log = logger(__name__)

Say = Callable[[str], None]


def _quiet(_: str) -> None:
    return None


@dataclass(frozen=True)
class Loaded:
    """An instance whose code is loaded and whose database is not yet open."""

    instance: Instance
    host: PluginHost
    found: list[Found]


@dataclass
class Opened:
    """An instance that is open in this process."""

    instance: Instance
    host: PluginHost
    found: list[Found]
    server: embedded.EmbeddedServer | None

    async def close(self) -> None:
        """Let go of the database; the last process of the instance stops the embedded server."""
        await database.disconnect()
        if self.server is not None:
            await asyncio.to_thread(self.server.release)

    def database_url(self) -> str:
        """The database's address for clients other than ours."""
        if self.server is not None:
            return self.server.dsn()
        return self.instance.settings.database.url

    def queue_url(self) -> str:
        """Where background jobs queue: a Redis by its address, else the database."""
        return self.instance.settings.queue.url or self.database_url()


def load(instance: Instance) -> Loaded:
    """Load the keys, the core's domains and all plugins that are there, and find their migrations."""
    sealing.use_keys(instance.keys, instance.key_file)
    links.use_public_url(instance.settings.web.address)
    loaded = load_host(discover(instance.plugins_folder), domains.DOMAINS, domains.derivations())
    check_declarations(loaded)
    return Loaded(instance, loaded, migrations_of(loaded))


def migrations_of(loaded: PluginHost) -> list[Found]:
    """The core's migrations and those of every loaded plugin, in the order in which they run."""
    plugins = [p.candidate for p in loaded.plugins.values()]
    return [core_migrations(), *(find_migrations(c.name, c.migrations_folder, c.package) for c in plugins)]


async def open_database(instance: Instance, say: Say = _quiet) -> embedded.EmbeddedServer | None:
    """Connect to the instance's own database or to the embedded server, which is started when needed."""
    settings = instance.settings.database
    if settings.url:
        await database.connect({"dsn": settings.url, "timeout": 15}, max_size=settings.pool)
        return None
    server = await asyncio.to_thread(embedded.acquire, instance.data, on_wait=say)
    try:
        await database.connect(dict(server.connection), max_size=settings.pool)
    except CannotRun:
        await asyncio.to_thread(server.release)
        raise
    return server


async def open_loaded(
    loaded: Loaded,
    say: Say = _quiet,
    *,
    may_migrate: Callable[[list[Migration]], bool] | None = None,
    need_plugins: bool = True,
) -> Opened:
    """Open the database of a loaded instance.

    A fresh database gets its schema without asking; pending changes of one in use are made when
    ``may_migrate`` agrees, else the start is refused with what to do. ``need_plugins`` off tolerates
    an enabled plugin whose code has gone, for the commands that mend that.
    """
    server = await open_database(loaded.instance, say)
    opened = Opened(loaded.instance, loaded.host, loaded.found, server)
    try:
        await bring_up_to_date(loaded.found, may_migrate)
        await record_plugins(loaded.host)
        if need_plugins:
            await refuse_missing(loaded.host)
        await generation.reread()
        long_jobs.use_queue(opened.queue_url())
    except BaseException:
        await opened.close()
        raise
    return opened


async def bring_up_to_date(found: list[Found], may_migrate: Callable[[list[Migration]], bool] | None) -> None:
    """Refuse a newer database; make pending changes where that is agreed or the database is fresh."""
    await refuse_newer(found)
    waiting = await pending(found)
    if not waiting:
        return
    fresh = await database.fetchval("SELECT to_regclass('public.business')") is None
    if not fresh and (may_migrate is None or not may_migrate(waiting)):
        raise CannotRun(
            f"the database needs {len(waiting)} schema changes first: run `tessera backup FILE`, then `tessera migrate`"
        )
    await migrate(found)


def agree(_: list[Migration]) -> bool:
    """Agree to any schema change: for starts that nobody is there to ask."""
    return True


async def keep_database(stop: asyncio.Event, server: embedded.EmbeddedServer | None) -> None:
    """Start the embedded server again when it has died while we were working."""
    while not stop.is_set():
        try:
            if server is not None and await asyncio.to_thread(embedded.restart_if_dead, server):
                _log.warning("database_restarted")
        except CannotRun as problem:
            _log.error("database_not_restarted", problem=str(problem))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)
