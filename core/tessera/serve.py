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
from dataclasses import dataclass
from typing import Any

import uvicorn
from litestar import Litestar

from tessera.access.service.setup import is_open
from tessera.app import make_app
from tessera.kernel import generation
from tessera.kernel.instance import Instance, open_instance
from tessera.kernel.logs import logger, set_up_logging
from tessera.kernel.migrations import Migration
from tessera.launch import no_collecting
from tessera.start import Loaded, Opened, agree, keep_database, load, open_loaded
from tessera.tasks.service import report_until

_log = logger(__name__)


@asynccontextmanager
async def attended(opened: Opened) -> AsyncIterator[None]:
    """Keep an open instance up to date for as long as the block runs, and close it at the end."""
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


def _app_of(loaded: Loaded, lifespan: list[Any]) -> Litestar:
    instance = loaded.instance
    with no_collecting():
        app = make_app(
            loaded.host,
            public_url=instance.settings.web.public_url,
            lifespan=lifespan,
            compiled=instance.data / "templates",
        )
    app.state.setup_folder = instance.folder
    return app


def create_app() -> Litestar:
    """The application of the instance in ``TESSERA_INSTANCE``, for any ASGI server; it opens what it stands on."""
    set_up_logging()
    with no_collecting():
        loaded = load(open_instance())

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with attended(await open_loaded(loaded, may_migrate=agree)):
            yield

    return _app_of(loaded, [lifespan])


@dataclass(frozen=True)
class Serving:
    """How ``tessera run`` was asked to serve.

    ``ready`` is told, before the first page is served, whether the first run is still to come.
    """

    host: str
    port: int
    workers: int
    say: Callable[[str], None]
    may_migrate: Callable[[list[Migration]], bool]
    ready: Callable[[bool], None]

    def options(self, instance: Instance) -> dict[str, Any]:
        """What the server is told beside the application."""
        proxies = instance.settings.web.trusted_proxies
        return {
            "host": self.host,
            "port": self.port,
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "proxy_headers": bool(proxies),
            "forwarded_allow_ips": proxies or None,
            "timeout_graceful_shutdown": 10,
        }


def run(instance: Instance, serving: Serving, database_is_there: Callable[[], None]) -> None:
    """Serve until stopped, with one job worker beside unless the settings say otherwise.

    ``database_is_there`` waits for the server that was started beside the loading of code.
    """
    with no_collecting():
        loaded = load(instance)
    database_is_there()
    os.environ["TESSERA_INSTANCE"] = str(instance.folder)
    os.environ |= {"TESSERA_WEB_HOST": serving.host, "TESSERA_WEB_PORT": str(serving.port)}  # links lead here
    with _end_when_told():
        if serving.workers > 1:
            _serve_by_many(loaded, serving)
        else:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_serve_here(loaded, serving))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quick event loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve_here(loaded: Loaded, serving: Serving) -> None:
    """Open the instance once, and serve it from this very process."""
    opened = await open_loaded(loaded, serving.say, may_migrate=serving.may_migrate)
    async with attended(opened):
        serving.ready(await is_open())
        with _worker_beside(loaded.instance, serving):
            config = uvicorn.Config(_app_of(loaded, []), **serving.options(loaded.instance))
            await uvicorn.Server(config).serve()


def _serve_by_many(loaded: Loaded, serving: Serving) -> None:
    """Open the instance once, so that what is wrong is said, then let several processes serve it."""

    async def look() -> bool:
        opened = await open_loaded(loaded, serving.say, may_migrate=serving.may_migrate)
        try:
            return await is_open()
        finally:
            await opened.close()

    serving.ready(asyncio.run(look()))
    with _worker_beside(loaded.instance, serving):
        options = serving.options(loaded.instance)
        uvicorn.run("tessera.serve:create_app", factory=True, workers=serving.workers, **options)


@contextmanager
def _end_when_told() -> Iterator[None]:
    """Within the block SIGTERM and Ctrl-C unwind the stack, so that worker and database are stopped too.

    The server answers what it has begun, then raises the signal again with the handler that was there
    before it: the default one would end the process on the spot, or cancel what closes the database.
    """

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = {sign: signal.signal(sign, end) for sign in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


@contextmanager
def _worker_beside(instance: Instance, serving: Serving) -> Iterator[None]:
    """One worker process that ends with this one, and is begun again when it dies; none where settings say so.

    The first waits until pages are served: whoever starts Tessera waits for those.
    """
    if not instance.settings.worker.beside:
        yield
        return
    command = [sys.executable, "-m", "tessera", "--instance", str(instance.folder), "worker", "--follow-parent"]
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
        _until_served(serving.host, serving.port, ending)
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
