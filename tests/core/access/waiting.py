"""Waiting for what other tests do on the same server."""

from __future__ import annotations

import asyncio

from tessera.kernel.database import fetchval


async def all_older_are_done() -> None:
    """Every transaction that began before the audit's rows were written has ended, so that they can be sealed."""
    running = "SELECT bool_or(txid >= pg_snapshot_xmin(pg_current_snapshot())) FROM audit"
    while await fetchval(running):  # noqa: ASYNC110 - what ends is in PostgreSQL
        await asyncio.sleep(0.01)
