"""The first moments of ``tessera run``: what can be refused at once is, and PostgreSQL starts while the rest loads."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tessera.kernel import embedded
from tessera.kernel.errors import CannotRun
from tessera.kernel.instance import Instance


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise CannotRun(f"port {port} needs more rights: choose one above 1023 with --port") from None
        except OSError as problem:
            said = problem.strerror or str(problem)
            raise CannotRun(f"port {port} on {host} cannot be used ({said}): choose another with --port") from None


@contextmanager
def database_starting(instance: Instance, say: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Start the embedded server beside the block, and let go of it at the block's end.

    Gives a function that waits until it is there and raises what kept it from starting. Where the
    business has a server of its own, there is nothing to wait for.
    """
    if instance.settings.database.url:
        yield lambda: None
        return
    with ThreadPoolExecutor(1, thread_name_prefix="start-database") as beside:
        starting = beside.submit(embedded.acquire, instance.data, on_wait=say)
        try:
            yield lambda: _wait_for(starting)
        finally:
            if starting.exception() is None:
                starting.result().release()


def _wait_for(starting: Future[embedded.EmbeddedServer]) -> None:
    starting.result()


@contextmanager
def no_collecting() -> Iterator[None]:
    """Load code without looking for garbage: what modules make is there to stay, and stays out of later rounds."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
