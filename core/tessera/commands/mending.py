"""Opening an instance whose plugins may be broken or gone, for the commands that mend that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tessera.cli_support import ask_to_migrate, instance_folder, one_sentence, say
from tessera.kernel.instance import Instance, open_instance
from tessera.kernel.plugins.survey import Surveyed, survey

T = TypeVar("T")


def run_mending(work: Callable[[Instance, Surveyed], Awaitable[T]]) -> T:
    """Run ``work`` as Tessera itself with every plugin that can be loaded, in a database of this version."""
    from tessera import domains
    from tessera.access import sealing
    from tessera.access.actor import system_actor
    from tessera.kernel import database, generation
    from tessera.kernel.logs import set_up_logging
    from tessera.kernel.migrations import core_migrations
    from tessera.kernel.plugins.state import record_plugins
    from tessera.start import bring_up_to_date, migrations_of, open_database

    set_up_logging(level=40)

    async def main() -> T:
        surveyed = survey(instance.plugins_folder, domains.DOMAINS, domains.derivations())
        server = await open_database(instance, say)
        try:
            fresh = await database.fetchval("SELECT to_regclass('public.business')") is None
            await bring_up_to_date(migrations_of(surveyed.host) if fresh else [core_migrations()], ask_to_migrate)
            await record_plugins(surveyed.host)
            await generation.reread()
            with system_actor():
                return await work(instance, surveyed)
        finally:
            await database.disconnect()
            if server is not None:
                await asyncio.to_thread(server.release)

    with one_sentence():
        instance = open_instance(instance_folder())
        sealing.use_keys(instance.keys, instance.key_file)
        return asyncio.run(main())
