"""The server process above a cluster: found, started, waited for, stopped, and cleared away after its death."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from tessera.kernel.embedded import settings, sockets
from tessera.kernel.embedded.cluster import LOG_LIMIT, Cluster
from tessera.kernel.embedded.tools import reason
from tessera.kernel.errors import CannotRun

PATIENCE = 600.0
"""Seconds that a start may take: recovery reads all that was written since the last checkpoint."""
TELL_AFTER = 5.0
"""Seconds after which whoever waits is told why."""
STOP_PATIENCE = 120
"""Seconds that a stop may take: it writes out what is only in memory."""

FULL = 16 * 1024**2
"""Bytes free below which the disk is to blame: PostgreSQL asks for its own log in pieces of this size."""

OnWait = Callable[[str], None] | None


class StillStarting(CannotRun):
    """The server is at work and only needs more time: it is left alone."""


@dataclass(frozen=True)
class Server:
    """The server of one cluster. Whoever starts or stops it holds the instance's lock (see ``handles``)."""

    cluster: Cluster

    def postmaster(self) -> psutil.Process | None:
        """The running server, or None when its pid has gone, is a zombie's, or is another program's now."""
        try:
            process = psutil.Process(int(self.cluster.pid_file()[0]))
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return None
            return process if str(self.cluster.pgdata) in process.cmdline() else None
        except (IndexError, ValueError, psutil.Error):
            return None

    def is_ready(self) -> bool:
        """Whether the server is alive and says that it is ready: cheap enough to ask every second."""
        return _is_ready(self.cluster.pid_file()) and self.postmaster() is not None

    def ping(self) -> pq.Ping:
        """Whether the server accepts connections, refuses them for now, or does not answer."""
        where = make_conninfo(**self.cluster.login(), dbname="postgres", connect_timeout=2)
        return pq.Ping(pq.PGconn.ping(where.encode()))

    def bring_up(self, options: Mapping[str, str], on_wait: OnWait) -> bool:
        """Have the server accept connections; True when this call started it."""
        if self.cluster.exists() and self._serves(on_wait):
            return False
        self.cluster.make(options)
        self._start(options, on_wait)
        return True

    def stop(self) -> None:
        """Stop the server and wait until its files are at rest."""
        if self.postmaster() is None:
            return
        folder = None if settings.LISTENS_ON_TCP else self.cluster.socket_folder()
        pgdata = self.cluster.pgdata
        self.cluster.run("pg_ctl", "stop", "-D", str(pgdata), "-m", "fast", "-w", "-t", str(STOP_PATIENCE))
        if folder is not None and folder != pgdata:
            with suppress(OSError):
                folder.rmdir()

    def ensure_database(self, name: str) -> None:
        """Create the database when it is absent."""
        where = make_conninfo(**self.cluster.login(), dbname="postgres")
        try:
            with psycopg.connect(where, autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                    # template1, the default, cannot be copied while anybody is connected to it.
                    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
                    connection.execute(create)
        except psycopg.Error as problem:
            said = str(problem).strip().splitlines() or [type(problem).__name__]
            raise CannotRun(f'the database "{name}" cannot be opened: {said[0]} (see {self.cluster.log})') from None

    def _serves(self, on_wait: OnWait) -> bool:
        """Whether a server that is there accepts connections, waiting while it recovers.

        A socket is asked even when the pid is nobody's: the server may run in another container
        that shares this folder, where our process table does not show it. A port on loopback
        may be anybody's.
        """
        if self.postmaster() is not None:
            self._require_socket()
        elif settings.LISTENS_ON_TCP or self.ping() == pq.Ping.NO_RESPONSE:
            return False
        return self._await_ready(self._lives, crashed=True, on_wait=on_wait)

    def _lives(self) -> bool:
        if self.postmaster() is not None:
            return True
        return not settings.LISTENS_ON_TCP and self.ping() != pq.Ping.NO_RESPONSE

    def _require_socket(self) -> None:
        told = self.cluster.pid_file()
        if settings.LISTENS_ON_TCP or not _is_ready(told) or (Path(told[4]) / sockets.NAME).exists():
            return
        raise CannotRun(
            f"PostgreSQL runs (process {told[0]}) but its socket in {told[4]} is not to be seen from here: "
            "use the same TMPDIR for all of tessera, without PrivateTmp, or a shorter path for the instance"
        )

    def _start(self, options: Mapping[str, str], on_wait: OnWait) -> None:
        cluster = self.cluster
        crashed = self._clear_after_crash()
        cluster.configure(options)
        before = cluster.open_log()
        # pg_ctl waits as long as we do: it knows when the server ends before it was ready.
        command = cluster.command(
            *("pg_ctl", "start", "-D", str(cluster.pgdata), "-l", str(cluster.log)),
            *("-w", "-t", str(int(PATIENCE))),
        )
        # Into a file: a pipe would stay open as long as the server, which inherits it, lives.
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **cluster.process) as starter,
        ):
            ready = self._await_ready(lambda: starter.poll() is None, crashed=crashed, on_wait=on_wait)
        # One whose starter was killed may have come up in the same moment, and ours gave way to it.
        if not ready and not self._serves(on_wait):
            raise CannotRun(f"PostgreSQL did not start: {self._last_words(before)} (see {cluster.log})")

    def _await_ready(self, alive: Callable[[], bool], *, crashed: bool, on_wait: OnWait) -> bool:
        """True as soon as the server accepts connections, False when it has ended.

        It is asked only when it calls itself ready, because it logs each connection that it refuses.
        """
        began, told = time.monotonic(), on_wait is None
        while True:
            lives = alive()
            if _is_ready(self.cluster.pid_file()) and self.ping() == pq.Ping.OK:
                return True
            if not lives:
                return False
            waited = time.monotonic() - began
            if waited >= TELL_AFTER and not told and on_wait is not None:
                doing = "recovering after a crash" if crashed else "starting"
                on_wait(f"PostgreSQL is {doing}; this can take some minutes")
                told = True
            if waited > PATIENCE:
                raise StillStarting(
                    f"PostgreSQL is not ready after {PATIENCE / 60:.0f} minutes and goes on by itself: "
                    f"see {self.cluster.log} and try again later"
                )
            time.sleep(min(0.5, 0.02 + waited / 20))

    def _clear_after_crash(self) -> bool:
        """Remove the marks of a server that was killed, once nothing of it lives; True when there were any.

        PostgreSQL would take a foreign program that has its old pid for itself and refuse to start.
        """
        if not (self.cluster.pgdata / "postmaster.pid").exists():
            return False
        orphans = [process for process in psutil.process_iter() if self._is_ours(process)]
        for orphan in orphans:
            with suppress(psutil.Error):
                # What the server itself sends its children after a crash: they write nothing more.
                orphan.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGQUIT)
        for stubborn in psutil.wait_procs(orphans, timeout=10)[1]:
            with suppress(psutil.Error):
                stubborn.kill()
                stubborn.wait(10)
        if not settings.LISTENS_ON_TCP:
            for folder in {self.cluster.socket_folder(), sockets.folder_for(self.cluster.pgdata, self.cluster.uid)}:
                sockets.clear(folder, self.cluster.uid)
        (self.cluster.pgdata / "postmaster.pid").unlink(missing_ok=True)
        return True

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            ours = process.name().startswith("postgres") and process.cwd() == str(self.cluster.pgdata)
        except psutil.Error:
            return False
        return bool(ours)

    def _last_words(self, before: int) -> str:
        with self.cluster.log.open("rb") as file:
            file.seek(before)
            why = reason(file.read(LOG_LIMIT).decode(errors="replace"))
        if shutil.disk_usage(self.cluster.data).free < FULL:
            return f"the disk is full, free some space: {why}"
        return why


def _is_ready(told: list[str]) -> bool:
    return len(told) > 7 and told[7].strip() == "ready"
