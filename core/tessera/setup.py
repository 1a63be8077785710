"""Making an instance from the command line, and telling people where it is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tessera.access.actor import system_actor
from tessera.access.service.setup import setup_code
from tessera.kernel import clock
from tessera.kernel.business import business, has_business, set_business
from tessera.kernel.errors import CannotRun
from tessera.kernel.instance import Instance, create_instance
from tessera.kernel.money import minor_digits
from tessera.kernel.plugins.state import enable
from tessera.start import load, open_loaded

Say = Callable[[str], None]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def create(
    folder: Path, name: str, plugins: Sequence[str], locale: str, currency: str, timezone: str, say: Say
) -> Instance:
    """Make an instance with a named business; when anything fails, the folder is as it was before."""
    minor_digits(currency)
    clock.zone(timezone)
    existed = folder.exists()
    instance = create_instance(folder)
    try:
        asyncio.run(_fill(instance, name, plugins, locale, currency, timezone, say))
    except BaseException:
        for part in [folder] if not existed else list(folder.iterdir()):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
        raise
    return instance


async def _fill(
    instance: Instance, name: str, plugins: Sequence[str], locale: str, currency: str, timezone: str, say: Say
) -> None:
    loaded = load(instance)
    unknown = [p for p in plugins if p not in loaded.host.plugins]
    if unknown:
        known = ", ".join(loaded.host.plugins) or "none"
        raise CannotRun(f'there is no plugin "{unknown[0]}": the installed ones are {known}')
    opened = await open_loaded(loaded, say)
    try:
        if has_business():
            raise CannotRun(
                f'the database already holds the business "{business().name}", whose keys are elsewhere: '
                "name an empty database in TESSERA_DATABASE_URL"
            )
        with system_actor():
            await set_business(name, currency, timezone, locale)
            for plugin in plugins:
                await enable(plugin)
    finally:
        await opened.close()


def announce(instance: Instance, host: str, port: int, *, first_run: bool) -> None:
    """Print where the pages are, and before the first run the address that opens it."""
    from tessera.cli_support import out

    address = instance.settings.web.public_url.rstrip("/") or f"http://{_shown(host)}:{port}"
    if first_run:
        out.print("Open this address once, to name the business and its owner:")
        out.print(f"  {address}/setup?code={setup_code(instance.folder)}", soft_wrap=True, highlight=False)
    else:
        out.print(f"Tessera is at {address}", highlight=False)


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
