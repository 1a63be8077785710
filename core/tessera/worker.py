"""The background worker: the dispatcher, recurring ticks and long jobs, for as long as it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable

import asyncpg
import psycopg
from saq import Queue

from tessera.access.actor import system_actor
from tessera.kernel import dispatcher, generation
from tessera.kernel.instance import Instance
from tessera.kernel.jobs import make_worker
from tessera.kernel.logs import logger
from tessera.kernel.long_jobs import open_queue
from tessera.start import Opened, agree, keep_database, load, open_loaded

RETRY = 1.0
"""Seconds before a part that ended by itself is begun again."""

_log = logger(__name__)


def holder_name() -> str:
    """How this process signs a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def run_worker(instance: Instance, *, follow_parent: bool = False) -> None:
    """Work until told to stop, through outages of the database.

    ``follow_parent`` also stops when standard input ends: a parent that was killed takes its worker
    along.
    """
    opened = await open_loaded(load(instance), may_migrate=agree if follow_parent else None)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stop.set)
    if follow_parent:
        # Not in the loop's executor: asyncio waits for its threads, and this one waits for the parent.
        threading.Thread(target=_wait_for_end_of_input, args=(loop, stop), daemon=True).start()
    try:
        with system_actor():
            await work_until(stop, opened)
    finally:
        await opened.close()


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


async def work_until(stop: asyncio.Event, opened: Opened) -> None:
    """Run every part side by side; one that ends by itself is begun again."""
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "dispatcher": lambda: dispatcher.run(holder_name(), stop),
        "generation": lambda: generation.watch(stop),
        "jobs": lambda: _run_jobs(stop, opened),
        "database": lambda: keep_database(stop, opened.server),
    }
    await asyncio.gather(*(_again_and_again(name, part, stop) for name, part in parts.items()))


async def _again_and_again(name: str, part: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await part()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, psycopg.Error) as problem:
            _log.warning("worker_part_interrupted", part=name, problem=str(problem))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RETRY)


async def _run_jobs(stop: asyncio.Event, opened: Opened) -> None:
    queue: Queue = open_queue(opened.queue_url())
    worker = make_worker(queue, opened.instance.settings.worker.concurrency)
    worker.SIGNALS = []
    await queue.connect()
    running = asyncio.create_task(worker.start())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        await worker.stop()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, psycopg.Error):
            await running
        await queue.disconnect()
