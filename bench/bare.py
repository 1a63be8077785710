"""The baseline: the same embedded PostgreSQL, one connection, one route of a bare Litestar."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import asyncpg
import uvicorn
from litestar import Litestar, get

from tessera.kernel import embedded


@get("/")
async def hello() -> str:
    """The only page."""
    return "hello"


def main() -> None:
    """Start the database, ask it once, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    server = embedded.acquire(asked.data)

    async def once() -> None:
        connection = await asyncpg.connect(**server.connection)
        await connection.fetchval("SELECT 1")
        await connection.close()

    asyncio.run(once())
    try:
        uvicorn.run(Litestar([hello]), host="127.0.0.1", port=asked.port, log_config=None)
    finally:
        server.release()


if __name__ == "__main__":
    main()
