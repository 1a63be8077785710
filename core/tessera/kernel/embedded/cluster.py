"""One database cluster on disk: where its parts are, whose they are, and how it is made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tessera.kernel.embedded import binaries, settings, sockets
from tessera.kernel.embedded.account import Account, account_for, give, require_way_to
from tessera.kernel.embedded.tools import DETACHED, clean_environment, finish
from tessera.kernel.errors import CannotRun

LOG_LIMIT = 10 * 1024 * 1024
"""Bytes from which a log is put aside, once, at the next start."""


@dataclass(frozen=True)
class Cluster:
    """The cluster in ``data/postgres``. Whoever changes it holds the instance's lock (see ``handles``)."""

    data: Path
    account: Account | None
    programs: Path

    @classmethod
    def of(cls, data: Path) -> Cluster:
        """The cluster of an existing data folder; refuses one that PostgreSQL's account cannot reach."""
        account = account_for(data)
        require_way_to(data, account)
        return cls(data, account, binaries.folder_for(account))

    @property
    def pgdata(self) -> Path:
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def uid(self) -> int:
        return self.account.uid if self.account else os.geteuid()

    @property
    def gid(self) -> int:
        return self.account.gid if self.account else os.getegid()

    @property
    def process(self) -> dict[str, Any]:
        """What ``subprocess`` needs for a program that works on this cluster."""
        account = self.account.process if self.account else {}
        return {"cwd": self.data, "env": clean_environment(), **DETACHED, **account}

    def command(self, name: str, *args: str) -> list[str]:
        """A command line of one of PostgreSQL's programs."""
        return [str(binaries.binary(name, self.programs)), *args]

    def run(self, name: str, *args: str) -> None:
        """Run one of PostgreSQL's programs to its end, as its account."""
        finish(self.command(name, *args), **self.process)

    def pid_file(self) -> list[str]:
        """The server's own account: pid, data folder, start, port, socket folder, address, memory, status."""
        try:
            return (self.pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def socket_folder(self) -> Path:
        """Where the running server's socket is, by its own account; else where it will be."""
        told = self.pid_file()
        if len(told) > 4 and told[4].strip():
            return Path(told[4].strip())
        return sockets.folder_for(self.pgdata, self.uid)

    def login(self) -> dict[str, Any]:
        """How to reach the server: what ``asyncpg.connect`` and libpq both need, but for the database."""
        if not settings.LISTENS_ON_TCP:
            return {"host": str(self.socket_folder()), "port": sockets.PORT, "user": "postgres"}
        login = settings.read_login(self.data)
        return {
            "host": settings.LOOPBACK,
            "port": login.port,
            "user": "postgres",
            "password": login.password,
        }

    def exists(self) -> bool:
        """Whether there is a cluster; refuses one of another PostgreSQL, or files that are none."""
        try:
            found = (self.pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            if self.pgdata.is_dir() and any(self.pgdata.iterdir()):
                raise CannotRun(
                    f"{self.pgdata} holds files but no PostgreSQL database: move them away, or restore a backup"
                ) from None
            return False
        if found != str(binaries.MAJOR):
            raise CannotRun(
                f"{self.pgdata} was made by PostgreSQL {found} and this is PostgreSQL {binaries.MAJOR}: make a "
                "backup with the version of Tessera that ran it last, and restore it into a new instance"
            )
        return True

    def make(self, options: Mapping[str, str]) -> None:
        """Make the cluster when there is none: beside its place first, so that a half-made one never counts."""
        if self.exists():
            self._take_over()
            return
        fresh, password = self.data / ".postgres-new", self.data / ".postgres-password"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(0o700)
            give(fresh, self.account)
            self.run("initdb", *self._initdb_options(password, options), "--pgdata", str(fresh))
            with suppress(FileNotFoundError):
                self.pgdata.rmdir()
            fresh.rename(self.pgdata)
        except CannotRun as problem:
            raise CannotRun(f"the database could not be made in {self.pgdata}: {problem}") from None
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _initdb_options(self, password: Path, options: Mapping[str, str]) -> list[str]:
        # PostgreSQL's own C.UTF-8 sorts by code point on every system and in every version, so that an
        # update of the C library cannot silently break indexes, and a backup restores anywhere.
        locale = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        chosen = [*locale, "--username=postgres"]
        if options.get("fsync") == "off":
            chosen.append("--no-sync")
        if not settings.LISTENS_ON_TCP:
            return [*chosen, "--auth-local=trust", "--auth-host=reject"]
        settings.write_private(password, settings.new_login(self.data).password, self.account)
        return [*chosen, "--auth=scram-sha-256", f"--pwfile={password}"]

    def _take_over(self) -> None:
        """A cluster that root copied here becomes the account's, and no folder of data stays open to others."""
        if self.account and self.pgdata.stat().st_uid == 0:
            give(self.pgdata, self.account)
        if os.name != "nt" and self.pgdata.stat().st_mode & 0o077:
            self.pgdata.chmod(0o700)

    def configure(self, options: Mapping[str, str]) -> None:
        """Write the settings for the next start, and see to the place where the server will listen."""
        folder, port = None, sockets.PORT
        if settings.LISTENS_ON_TCP:
            login = settings.read_login(self.data)
            port = settings.free_port(login.port)
            settings.keep_login(self.data, settings.Login(port, login.password))
        elif (folder := sockets.folder_for(self.pgdata, self.uid)) != self.pgdata:
            sockets.claim(folder, self.uid, self.gid)
        local = (self.pgdata / settings.LOCAL_FILE).exists()
        text = settings.render(folder, port, options, with_local=local)
        settings.write_private(self.pgdata / "postgresql.conf", text, self.account)

    def open_log(self) -> int:
        """Begin a new log when this one has grown large; how many bytes of it are old."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_name("postgres.log.1"))
        os.close(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        give(self.log, self.account)
        return self.log.stat().st_size
