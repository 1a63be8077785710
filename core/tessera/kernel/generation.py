"""A number that grows with every change of settings, so that every process lets go of what it remembers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from tessera.kernel.database import DB, execute, fetchval, in_transaction_now
from tessera.kernel.logs import logger

CHANNEL = "tessera_generation"
POLL = 1.0
"""Seconds between looks at the number, for where notifications do not arrive (pgbouncer)."""

_log = logger(__name__)
_listeners: list[Callable[[], Awaitable[None]]] = []
_seen = 0
_reading = asyncio.Lock()


def current() -> int:
    """The number as this process last saw it."""
    return _seen


def on_change(refresh: Callable[[], Awaitable[None]]) -> None:
    """Await ``refresh`` whenever the number has grown, here or elsewhere; once registered, once called."""
    if refresh not in _listeners:
        _listeners.append(refresh)


async def bump() -> None:
    """Say, within the transaction of a change, that remembered settings are old."""
    await execute("UPDATE generation SET number = number + 1")
    await execute(f"SELECT pg_notify('{CHANNEL}', '')")


async def refresh() -> bool:
    """Look at the number; when it has moved, let everyone read anew. Answers whether it had.

    Whoever looks while others read anew waits until they have: what is remembered after this is what was
    committed before it. Inside a unit of work nothing is read: what it changed may yet be rolled back.
    """
    global _seen
    if in_transaction_now():
        return False
    async with _reading:
        number = await fetchval("SELECT number FROM generation")
        if number == _seen:
            return False
        _seen = number or 0
        try:
            for listener in _listeners:
                await listener()
        except BaseException:
            _seen = -1  # some have not read anew: the next look lets all of them try again
            raise
        return True


async def reread() -> None:
    """Let everyone read anew whatever the number: after connecting, and in tests."""
    global _seen
    _seen = -1
    await refresh()


async def watch(stop: asyncio.Event) -> None:
    """Keep this process up to date until ``stop``, through an unreachable database too."""
    while not stop.is_set():
        try:
            await _listen(stop)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            _log.warning("generation_watch_interrupted", problem=str(problem))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL)


async def _listen(stop: asyncio.Event) -> None:
    changed = asyncio.Event()
    connection = await DB.get_new_connection()

    def heard(*_: Any) -> None:
        changed.set()

    try:
        await connection.add_listener(CHANNEL, heard)
        stopping = asyncio.ensure_future(stop.wait())
        while not stop.is_set():
            await refresh()
            waiting = asyncio.ensure_future(changed.wait())
            await asyncio.wait({stopping, waiting}, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            changed.clear()
            await connection.execute("SELECT 1")
        stopping.cancel()
    finally:
        await connection.close(timeout=2)
