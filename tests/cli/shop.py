"""The real command line in processes of its own, and what it leaves behind."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tessera.kernel import embedded
from tessera.testing import FAST

PREFIX = "tessera: "


def command(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``tessera`` to its end, with nobody at the terminal."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}
    return subprocess.run(
        [sys.executable, "-m", "tessera", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**kept, **environment},
        check=False,
    )


Command = Callable[..., subprocess.CompletedProcess[str]]


def refusal(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one sentence with which a command ended; anything else fails the test."""
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert done.returncode == code, f"ended with {done.returncode}: {done.stderr}"
    said = done.stderr.strip()
    assert said.startswith(PREFIX), said
    assert "\n" not in said, said
    return said.removeprefix(PREFIX)


@contextmanager
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="tessera-cli-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def disk(options: str) -> Iterator[Path]:
    """A small disk of its own; skipped where this process may not mount one."""
    with place() as above:
        target = above / "disk"
        target.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(target)], capture_output=True, text=True, check=False
        )
        if mounted.returncode:
            pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
        try:
            yield target
        finally:
            subprocess.run(["umount", str(target)], check=True)


def listing(folder: Path) -> dict[str, str]:
    """Every file of an instance but its database, with a fingerprint."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] != "data" and "__pycache__" not in relative.parts and path.is_file():
            found[str(relative)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@dataclass(frozen=True)
class Shop:
    """An instance with one store, whose database is kept running so that each command is quick."""

    folder: Path
    server: embedded.EmbeddedServer
    start: Command = command

    def run(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command on this instance."""
        return self.start("--instance", self.folder, *arguments, **environment)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Ask or change the database behind Tessera's back."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def rows(self) -> Mapping[str, int]:
        """How many rows each table holds."""
        with psycopg.connect(self.server.dsn()) as connection:
            tables = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            each = [sql.SQL("SELECT {}, count(*) FROM {}").format(".".join(t), sql.Identifier(*t)) for t in tables]
            return dict(connection.execute(sql.SQL(" UNION ALL ").join(each)).fetchall())

    def state(self) -> tuple[dict[str, str], Mapping[str, int]]:
        """All that a refused command must leave alone."""
        return listing(self.folder), self.rows()


@contextmanager
def open_shop(**environment: str) -> Iterator[Shop]:
    """A new instance, with the store ``main``."""
    with place() as above:
        folder = above / "shop"
        made = command("init", folder, "--business", "Harbour", **environment)
        assert made.returncode == 0, made.stderr
        server = embedded.acquire(folder / "data", options=FAST)
        try:
            shop = Shop(folder, server)
            added = shop.run("store", "add", "main", "--name", "Main street")
            assert added.returncode == 0, added.stderr
            yield shop
        finally:
            server.release()


def words(text: str) -> list[str]:
    """The words of a help page, however it was wrapped."""
    return re.findall(r"[\w-]+", text)
