"""Sharing one server among the processes of an instance, with file locks that die with their process.

Each process that uses the server holds a shared lock on ``data/.in-use``; whoever starts or stops
the server holds ``data/.starting``. The operating system drops both when a process is killed, so
no list of processes can go stale. On POSIX such a lock belongs to the process, not to the open
file: no child inherits it, and it is lost when the process closes *any* file opened on that
path. Nothing else in Tessera may open these two files.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import fasteners

from tessera.kernel.embedded import binaries
from tessera.kernel.embedded.account import share_with_owner
from tessera.kernel.embedded.cluster import Cluster
from tessera.kernel.embedded.server import PATIENCE, TELL_AFTER, OnWait, Server, StillStarting
from tessera.kernel.errors import CannotRun
from tessera.kernel.logs import logger

IN_USE = ".in-use"
STARTING = ".starting"

ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, your quota is used up",
    errno.EACCES: "run tessera as the user who owns it, or choose a folder that you may write to",
    errno.EPERM: "run tessera as the user who owns it, or choose a folder that you may write to",
}

log = logger(__name__)


class _Holding:
    """What this process holds of one instance: all its handles share one lock."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = os.getpid()
        self.handles: set[object] = set()
        self.options: Mapping[str, str] = {}
        self.mutex = threading.RLock()
        self._in_use = fasteners.InterProcessReaderWriterLock(data / IN_USE)

    @contextmanager
    def alone(self, on_wait: OnWait) -> Iterator[Server]:
        """The server, while no other thread or process of the instance starts or stops it."""
        with self.mutex:
            lock = fasteners.InterProcessLock(self.data / STARTING)
            if not lock.acquire(timeout=TELL_AFTER):
                if on_wait:
                    on_wait("another process is starting or stopping PostgreSQL; waiting for it")
                if not lock.acquire(timeout=PATIENCE):
                    raise CannotRun(
                        f"another process has been starting or stopping the PostgreSQL in {self.data} for "
                        f"{PATIENCE / 60:.0f} minutes: look at {self.data / 'postgres.log'}"
                    )
            try:
                share_with_owner(self.data / STARTING)
                yield Server(Cluster.of(self.data))
            finally:
                lock.release()

    def enter(self) -> None:
        """Count this process among the users; never waits, because only who is alone tries to exclude others."""
        self._in_use.acquire_read_lock()
        share_with_owner(self.data / IN_USE)

    def forsake(self) -> None:
        """Stop counting this process, with nothing left to stop."""
        self._in_use.release_read_lock()

    def is_left(self) -> bool:
        """Whether no process counts, and none starts or stops the server."""
        lock = fasteners.InterProcessLock(self.data / STARTING)
        if not lock.acquire(blocking=False):
            return False
        try:
            if not self._in_use.acquire_write_lock(blocking=False):
                return False
            self._in_use.release_write_lock()
            return True
        finally:
            lock.release()

    def leave(self, server: Server, *, stop: bool = True) -> None:
        """Stop counting this process, and stop the server when nobody else counts."""
        self.forsake()
        if not self._in_use.acquire_write_lock(blocking=False):
            return
        try:
            if stop:
                server.stop()
        finally:
            self._in_use.release_write_lock()


_holdings: dict[Path, _Holding] = {}
_guard = threading.Lock()


def _forget() -> None:
    """A forked child has no locks of its own yet, whatever its parent's memory says."""
    global _guard
    _guard = threading.Lock()
    _holdings.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@dataclass(frozen=True)
class EmbeddedServer:
    """A handle on the running server: keep it as long as the database is used, then release it."""

    data: Path
    database: str
    _holding: _Holding = field(repr=False, compare=False)
    _token: object = field(repr=False, compare=False)

    @property
    def connection(self) -> dict[str, Any]:
        """What ``asyncpg.connect`` needs: host, port, user, database, and a password on Windows.

        Ask again after a restart: on Windows the port may have been taken by somebody else.
        """
        with refusing(self.data):
            return {**Cluster.of(self.data).login(), "database": self.database}

    def dsn(self, database: str | None = None) -> str:
        """A URL for psycopg and PostgreSQL's programs."""
        login = self.connection
        secret = f":{quote(login['password'], safe='')}" if "password" in login else ""
        where = urlencode({"host": login["host"], "port": login["port"]}, quote_via=quote, safe="")
        return f"postgresql://{login['user']}{secret}@/{quote(database or self.database, safe='')}?{where}"

    def release(self) -> None:
        """Give the handle back; the last one of all processes stops the server. More than once does no harm."""
        holding = self._holding
        with holding.mutex:
            if holding.process != os.getpid() or self._token not in holding.handles:
                return
            holding.handles.discard(self._token)
            if holding.handles:
                return
            if not self.data.exists():
                # Somebody removed the instance; the server ends by itself when it misses its files.
                holding.forsake()
                return
            try:
                with refusing(self.data), holding.alone(None) as server:
                    holding.leave(server)
            except CannotRun as problem:
                log.warning("PostgreSQL could not be stopped", reason=str(problem))


def acquire(
    data: Path,
    *,
    database: str = "tessera",
    options: Mapping[str, str] | None = None,
    on_wait: OnWait = None,
) -> EmbeddedServer:
    """A handle on the server of ``data``, which is made and started when it is not running yet.

    ``options`` are settings of PostgreSQL and count when this call starts it. ``on_wait`` is told,
    after some seconds, what is being waited for. Raises CannotRun with one sentence.
    """
    with refusing(data):
        fresh = not data.exists()
        data.mkdir(parents=True, exist_ok=True)
        data = data.resolve()
        holding, token = _holding_of(data), object()
        try:
            with holding.alone(on_wait) as server:
                _join(holding, server, database, options or {}, on_wait)
                holding.handles.add(token)
        except BaseException:
            if fresh and not (data / "postgres").exists():
                shutil.rmtree(data, ignore_errors=True)
            raise
    return EmbeddedServer(data, database, holding, token)


def restart_if_dead(handle: EmbeddedServer, on_wait: OnWait = None) -> bool:
    """Start the server again when it has been killed under a running process; True when this call did it.

    Any process may call it at any time, every second if it likes: the first one restarts, the
    others find it done. Raises CannotRun when the server cannot come up now; a later call may succeed.
    """
    holding = handle._holding  # noqa: SLF001 - the two are one module's business
    with holding.mutex:
        if holding.process != os.getpid() or not holding.handles:
            raise CannotRun(f"the server of {handle.data} was released: acquire it again")
        with refusing(handle.data):
            if Server(Cluster(handle.data, None, binaries.INSTALLED)).is_ready():
                return False
            with holding.alone(on_wait) as server:
                return server.bring_up(holding.options, on_wait)


def is_in_use(data: Path) -> bool:
    """Whether any process uses, starts or stops the server of ``data``: whoever removes the folder asks first."""
    if not (data / IN_USE).exists():
        return False
    with refusing(data):
        holding = _holding_of(data.resolve())
        with holding.mutex:
            return bool(holding.handles) or not holding.is_left()


@contextmanager
def refusing(data: Path) -> Iterator[None]:
    """Say in one sentence what the operating system did not allow."""
    try:
        yield
    except OSError as problem:
        where = os.fsdecode(problem.filename or data)
        advice = ADVICE.get(problem.errno or 0, "choose a folder that you may write to")
        raise CannotRun(
            f"the database in {data} cannot be used ({where}: {problem.strerror or problem}): {advice}"
        ) from None
    except threading.ThreadError as problem:  # what fasteners makes of a file system without locks
        raise CannotRun(f"{data} is on a file system without locks ({problem}): use a local disk") from None


def _holding_of(data: Path) -> _Holding:
    with _guard:
        return _holdings.setdefault(data, _Holding(data))


def _join(holding: _Holding, server: Server, database: str, options: Mapping[str, str], on_wait: OnWait) -> None:
    if first := not holding.handles:
        holding.enter()
        holding.options = options
    try:
        server.bring_up(holding.options, on_wait)
        server.ensure_database(database)
    except BaseException as problem:
        if first:
            holding.leave(server, stop=not isinstance(problem, StillStarting))
        raise
