"""Whether this instance works, in a few numbers for a load balancer or a monitor."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import asyncpg

from tessera.kernel import dispatcher, reactions
from tessera.kernel.database import fetchval
from tessera.kernel.due_work import overdue
from tessera.kernel.errors import Unavailable

PATIENCE = 5.0
"""Seconds within which the database must answer."""

LAG = 60.0
"""Seconds that an event may wait, for its place or for a reaction, before the dispatcher counts as stuck."""

SPARE = 500 * 1024**2
"""Bytes of free disk below which an instance is in danger."""


async def health() -> dict[str, Any]:
    """``status`` is ``ok``, ``degraded`` (it serves, and something lags) or ``down`` (no database).

    ``dispatcher`` tells events without a place and the age of the oldest in seconds, by how many events
    the slowest reaction is ``behind`` and the age of the oldest of those, and how many deliveries were given
    up; ``due`` late rows by table, ``disk`` the free bytes where the embedded database lies (``null`` for
    another server).
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await _answer()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, Unavailable):
        return {"status": "down", "database": "unreachable"}


async def _answer() -> dict[str, Any]:
    waiting, seconds = await dispatcher.lag()
    slowest = await reactions.behind()
    late = await overdue()
    free = await asyncio.to_thread(free_bytes, await data_folder())
    in_time = seconds < LAG and (slowest is None or slowest.seconds < LAG)
    well = in_time and not late and (free is None or free >= SPARE)
    return {
        "status": "ok" if well else "degraded",
        "database": "ok",
        "dispatcher": {
            "waiting": waiting,
            "seconds": round(seconds, 1),
            "behind": slowest.events if slowest else 0,
            "behind_seconds": round(slowest.seconds, 1) if slowest else 0.0,
            "parked": await reactions.count_parked(),
        },
        "due": {each.table: {"late": each.rows, "seconds": round(each.seconds)} for each in late},
        "disk": {"free": free},
    }


async def data_folder() -> Path | None:
    """Where the database's files are, when the server is this machine's and tells."""
    try:
        told = await fetchval(
            "SELECT current_setting('data_directory', true) "
            "WHERE inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8'"
        )
    except asyncpg.InsufficientPrivilegeError:
        return None
    return Path(told) if told else None


def free_bytes(folder: Path | None) -> int | None:
    """The free space where a folder is; ``None`` where that cannot be seen from here."""
    try:
        return None if folder is None else shutil.disk_usage(folder).free
    except OSError:
        return None
