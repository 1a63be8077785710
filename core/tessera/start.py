"""Opening an instance: database, keys, plugins, schema; the same for pages, worker and command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tessera import domains
from tessera.access import sealing
from tessera.kernel import database, embedded, generation
from tessera.kernel.errors import CannotRun
from tessera.kernel.instance import Instance
from tessera.kernel.migrations import Found, Migration, core_migrations, find_migrations, migrate, pending, refuse_newer
from tessera.kernel.plugins import PluginHost, discover, load_host
from tessera.kernel.plugins.state import record_plugins, refuse_missing


@dataclass
class Opened:
    """An instance that is open in this process."""

    instance: Instance
    host: PluginHost
    server: embedded.EmbeddedServer | None
    found: list[Found]

    async def close(self) -> None:
        """Let go of the database; the last process of the instance stops the embedded server."""
        await database.disconnect()
        if self.server is not None:
            await asyncio.to_thread(self.server.release)

    def queue_url(self) -> str:
        """Where background jobs queue: a Redis by its address, else the database."""
        settings = self.instance.settings
        if settings.queue.url:
            return settings.queue.url
        return settings.database.url or self.server_dsn()

    def server_dsn(self) -> str:
        """The embedded server's address for other clients."""
        if self.server is None:
            return self.instance.settings.database.url
        return self.server.dsn()


Say = Callable[[str], None]


def _quiet(_: str) -> None:
    return None


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


def load_plugins(instance: Instance) -> tuple[PluginHost, list[Found]]:
    """Load the core's domains and all plugins that are there, and find their migrations."""
    loaded = load_host(discover(instance.plugins_folder), domains.DOMAINS, domains.derivations())
    found = [core_migrations()]
    for plugin in loaded.plugins.values():
        found.append(find_migrations(plugin.name, plugin.candidate.migrations_folder, plugin.candidate.package))
    return loaded, found


async def open_instance_now(
    instance: Instance,
    say: Say = _quiet,
    *,
    may_migrate: Callable[[list[Migration]], bool] | None = None,
    need_plugins: bool = True,
) -> Opened:
    """Open an instance in this process.

    Pending schema changes are run when ``may_migrate`` agrees (a fresh database needs no asking);
    otherwise the start is refused with what to do. ``need_plugins`` off tolerates an enabled plugin
    whose code has gone, for the commands that mend that.
    """
    sealing.use_keys(instance.keys)
    loaded, found = load_plugins(instance)
    server = await open_database(instance, say)
    opened = Opened(instance, loaded, server, found)
    try:
        await bring_up_to_date(found, may_migrate)
        await record_plugins(loaded)
        if need_plugins:
            await refuse_missing(loaded)
        await generation.reread()
    except BaseException:
        await opened.close()
        raise
    return opened


async def bring_up_to_date(found: list[Found], may_migrate: Callable[[list[Migration]], bool] | None = None) -> None:
    """Refuse a newer database; run what is pending where that is agreed or the database is fresh."""
    await refuse_newer(found)
    waiting = await pending(found)
    if not waiting:
        return
    fresh = await database.fetchval("SELECT to_regclass('public.business')") is None
    if not fresh and may_migrate is not None and not may_migrate(waiting):
        raise CannotRun("the database must be brought up to date first: run `tessera backup FILE`, then `tessera migrate`")
    await migrate(found)


def ready(_: Any = None) -> bool:
    """Agree to anything: for starts that need no asking."""
    return True
