"""``tessera run``: pages, and one worker beside them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from litestar import Litestar

from tessera.access.service.setup import is_open
from tessera.app import make_app
from tessera.kernel import generation
from tessera.kernel.instance import Instance, open_instance
from tessera.kernel.logs import logger, set_up_logging
from tessera.kernel.migrations import Migration
from tessera.launch import no_collecting
from tessera.start import Loaded, agree, keep_database, load, open_loaded
from tessera.tasks.service import report_until

_log = logger(__name__)


def make_lifespan(loaded: Loaded) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    """What opens the instance with the application and closes it with it."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        opened = await open_loaded(loaded, may_migrate=agree)
        stop = asyncio.Event()
        watching = [
            asyncio.create_task(generation.watch(stop)),
            asyncio.create_task(keep_database(stop, opened.server)),
            asyncio.create_task(report_until(stop)),
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*watching, return_exceptions=True)
            await opened.close()

    return lifespan


def create_app() -> Litestar:
    """The application of the instance in ``TESSERA_INSTANCE``, for any ASGI server."""
    set_up_logging()
    with no_collecting():
        loaded = load(open_instance())
        instance = loaded.instance
        app = make_app(
            loaded.host,
            public_url=instance.settings.web.public_url,
            lifespan=[make_lifespan(loaded)],
            compiled=instance.data / "templates",
        )
    app.state.setup_folder = instance.folder
    return app


def prepare(loaded: Loaded, say: Callable[[str], None], may_migrate: Callable[[list[Migration]], bool]) -> bool:
    """Open the instance once, so that what is wrong is said before anything is served.

    Answers whether the first run is still to come.
    """

    async def work() -> bool:
        opened = await open_loaded(loaded, say, may_migrate=may_migrate)
        try:
            return await is_open()
        finally:
            await opened.close()

    return asyncio.run(work())


def run(
    instance: Instance,
    *,
    host: str,
    port: int,
    workers: int,
    say: Callable[[str], None],
    may_migrate: Callable[[list[Migration]], bool],
    ready: Callable[[bool], None],
    database_is_there: Callable[[], None],
) -> None:
    """Serve until stopped, with one job worker beside unless the settings say otherwise.

    ``ready`` is told, before the first page is served, whether the first run is still to come;
    ``database_is_there`` waits for the server that was started beside the loading of code.
    """
    with no_collecting():
        loaded = load(instance)
    database_is_there()
    with _end_when_told():
        first_run = prepare(loaded, say, may_migrate)
        os.environ["TESSERA_INSTANCE"] = str(instance.folder)
        os.environ |= {"TESSERA_WEB_HOST": host, "TESSERA_WEB_PORT": str(port)}  # links in messages lead here
        ready(first_run)
        beside = instance.settings.worker.beside
        with _worker_beside(instance.folder, host, port) if beside else contextlib.nullcontext():
            uvicorn.run(
                "tessera.serve:create_app",
                factory=True,
                host=host,
                port=port,
                workers=workers if workers > 1 else None,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(instance.settings.web.trusted_proxies),
                forwarded_allow_ips=instance.settings.web.trusted_proxies or None,
                timeout_graceful_shutdown=10,
            )


@contextmanager
def _end_when_told() -> Iterator[None]:
    """Within the block SIGTERM unwinds the stack, so that worker and database are stopped too.

    The server answers what it has begun, then raises the signal again with the handler that was there
    before it, and the default one ends the process on the spot.
    """

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _worker_beside(folder: Path, host: str, port: int) -> Iterator[None]:
    """One worker process that ends with this one, and is begun again when it dies.

    The first waits until pages are served: whoever starts Tessera waits for those.
    """
    command = [sys.executable, "-m", "tessera", "--instance", str(folder), "worker", "--follow-parent"]
    ending = threading.Event()
    held = threading.Lock()
    current: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes] | None:
        with held:
            if ending.is_set():
                return None
            current[:] = [subprocess.Popen(command, stdin=subprocess.PIPE)]
            return current[0]

    def keep() -> None:
        _until_served(host, port, ending)
        while (process := begin()) is not None:
            code = process.wait()
            if not ending.wait(1.0):
                _log.warning("worker_ended", code=code)

    keeper = threading.Thread(target=keep, name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        with held:
            ending.set()
            for process in current:
                process.terminate()
        keeper.join(timeout=15)


def _until_served(host: str, port: int, ending: threading.Event) -> None:
    """Wait until the port answers, or half a minute."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
        if ending.wait(0.1):
            return
