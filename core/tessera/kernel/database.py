"""The database: one engine for Piccolo and for raw SQL, and the unit of work that is run again when it must be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast

import asyncpg
import msgspec

os.environ.setdefault("PICCOLO_CONF", "tessera.piccolo_conf")

from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from tessera.kernel.errors import CannotRun, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

T = TypeVar("T")

OLDEST_SERVER = 15
"""The oldest major version of PostgreSQL that is supported."""

CLOSING = 5.0
"""Seconds that borrowed connections get to come back when the pool is closed."""

APART = 2
"""Connections for statements that stand for themselves; they are short, so that few are enough."""

ATTEMPTS = 5
"""How often a unit of work is run when PostgreSQL asks to try again (40001, 40P01)."""


class Transaction(PostgresTransaction):
    """Piccolo's transaction, which also gives its connection back when the database goes away in the middle.

    Piccolo's own loses a connection of the pool each time that BEGIN, COMMIT or ROLLBACK fails.
    """

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]
        try:
            self.transaction = self.connection.transaction()
            await self.begin()  # type: ignore[no-untyped-call]
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._parent is not None:
            return problem is None
        try:
            if problem is None:
                await self.commit()  # type: ignore[no-untyped-call]
            elif not self.connection.is_closed():
                await self.rollback()  # type: ignore[no-untyped-call]
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._give_back()
        return False

    async def _give_back(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


class Engine(PostgresEngine):
    """Piccolo's engine, quiet until it is told where the database is."""

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        """A transaction that cannot lose its connection."""
        return Transaction(engine=self, allow_nested=allow_nested)

    async def check_version(self) -> None:
        """Checked by ``connect``: at import there is no address to ask yet."""


DB = Engine(config={})

_apart_pool: asyncpg.Pool | None = None
_apart: ContextVar[asyncpg.Connection | None] = ContextVar("apart", default=None)


async def _prepare(connection: Any) -> None:
    """JSON columns hold and give Python values; in the binary format, which ``COPY`` needs."""
    await connection.set_type_codec(
        "json", encoder=_encode_json, decoder=msgspec.json.decode, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )


def _encode_json(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


_JSONB_VERSION = b"\x01"


def _encode_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + _encode_json(value)


def _decode_jsonb(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])


async def _as_it_is(_connection: Any) -> None:
    """Give a connection back without asking the server to forget: an open transaction is ended before this.

    Nothing here outlives a transaction, no ``SET``, no session lock, no ``LISTEN``; asking cost as much as
    most queries do.
    """


async def connect(config: dict[str, Any], *, min_size: int = 1, max_size: int = 10) -> None:
    """Open the pool, or say in one sentence why that cannot be.

    ``config`` holds what ``asyncpg.connect`` takes. The server's version is checked once.
    """
    global _apart_pool
    DB.config = config
    try:
        await DB.start_connection_pool(min_size=min_size, max_size=max_size, init=_prepare, reset=_as_it_is)
        _apart_pool = await asyncpg.create_pool(**config, min_size=0, max_size=APART, init=_prepare)
        version = await fetchval("SELECT current_setting('server_version_num')::int")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as problem:
        DB.pool = _apart_pool = None
        raise CannotRun(_why_unreachable(config, problem)) from problem
    if version // 10000 < OLDEST_SERVER:
        await disconnect()
        raise CannotRun(f"the database server is PostgreSQL {version // 10000}: Tessera needs {OLDEST_SERVER} or newer")


def _why_unreachable(config: dict[str, Any], problem: BaseException) -> str:
    where = config.get("host") or config.get("dsn") or "the configured address"
    if "@" in str(where):
        where = str(where).rsplit("@", 1)[1]
    said = str(problem).split("\n", 1)[0] or type(problem).__name__
    return f"the database at {where} cannot be reached ({said}): start it, or correct [database] url in tessera.toml"


async def disconnect() -> None:
    """Close the pools; nothing happens where there is none. What is still borrowed after a while is cut off."""
    global _apart_pool
    pools = [pool for pool in (_apart_pool, DB.pool) if pool is not None]
    DB.pool = _apart_pool = None
    for pool in pools:
        try:
            await asyncio.wait_for(pool.close(), CLOSING)
        except TimeoutError:
            pool.terminate()


def in_transaction_now() -> bool:
    """Whether the caller is inside a unit of work."""
    alone = _apart.get()
    if alone is not None:
        return bool(alone.is_in_transaction())
    return DB.current_transaction.get() is not None


async def in_transaction(work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work`` in one READ COMMITTED transaction and answer what it answers.

    It is run again when PostgreSQL reports a serialisation failure or a deadlock, at most five
    times, so it must have no effect outside the database. Inside a running unit of work it simply
    joins it.
    """
    if in_transaction_now():
        return await work()
    if (alone := _apart.get()) is not None:
        async with alone.transaction():
            return await work()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with DB.transaction():
                return await work()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
    raise AssertionError("unreachable")


class _TakenBack(Exception):
    """Ends a unit of work that is not to stay."""


async def undone(work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` answers, with all that it did taken back: how something would turn out, exactly."""
    answers: list[T] = []

    async def tried() -> None:
        answers[:] = [await work()]
        raise _TakenBack

    with contextlib.suppress(_TakenBack):
        await in_transaction(tried)
    return answers[0]


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection]:
    """The running transaction's connection, else one of the pool for the block."""
    source = _at_hand()
    if source is not DB.pool:
        yield source
        return
    async with cast("asyncpg.Pool", source).acquire() as borrowed:
        yield cast("asyncpg.Connection", borrowed)


@asynccontextmanager
async def apart() -> AsyncIterator[None]:
    """Within the block what is done is no part of the running unit of work: it stays, whatever becomes of that.

    The connection is of a pool of its own: a request that waited for a second one of the common pool
    while it holds the first could wait for ever for others that do the same.
    """
    if _apart_pool is None:
        raise Unavailable("the database is not connected")
    async with _apart_pool.acquire() as borrowed:
        before = _apart.set(cast("asyncpg.Connection", borrowed))
        try:
            yield
        finally:
            _apart.reset(before)


def _at_hand() -> Any:
    """What runs one statement: the running transaction's connection, else the pool, which has the same methods."""
    alone = _apart.get()
    if alone is not None:
        return alone
    running = DB.current_transaction.get()
    if running is not None:
        return running.connection
    if DB.pool is None:
        raise Unavailable("the database is not connected")
    return DB.pool


async def fetch(sql: str, *args: Any) -> list[Any]:
    """All rows of a query with ``$1`` placeholders, as asyncpg records."""
    return cast("list[Any]", await _at_hand().fetch(sql, *args))


async def fetchrow(sql: str, *args: Any) -> Any:
    """The first row, or ``None``."""
    return await _at_hand().fetchrow(sql, *args)


async def fetchval(sql: str, *args: Any) -> Any:
    """The first column of the first row, or ``None``."""
    return await _at_hand().fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run a statement and answer how many rows it touched."""
    status: str = await _at_hand().execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def executemany(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement for many rows in one round trip."""
    async with connection() as db:
        await db.executemany(sql, rows)


async def copy_records(
    table: str, records: Iterable[Sequence[Any]], columns: Sequence[str], *, schema: str | None = None
) -> None:
    """Load rows by ``COPY``; they bring their own ids."""
    async with connection() as db:
        await db.copy_records_to_table(table, records=records, columns=list(columns), schema_name=schema)
