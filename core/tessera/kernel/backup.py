"""Backups: the database with its files at one moment, in one file, without the keys."""

from __future__ import annotations

import asyncio
import hashlib
import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import asyncpg
import msgspec
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tessera import __version__
from tessera.kernel import clock
from tessera.kernel.embedded.binaries import MAJOR, binary
from tessera.kernel.embedded.tools import clean_environment, finish
from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
CHUNK = 1 << 20

QUEUE_TABLES = "saq_%"
"""The queue's own tables are not kept: it may forget jobs, and a restored business must not repeat them."""

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT LIKE $1
ORDER BY 1
"""


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup says of itself.

    ``counts`` holds the rows of each table and ``migrations`` the ids that had run, by plugin, both of
    the very moment of the dump. ``index_key`` and ``data_keys`` are fingerprints, not keys.
    """

    tessera: str
    taken_at: str
    server: str
    business: str
    index_key: str
    data_keys: dict[int, str]
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    sha256: str
    size: int
    format: int = FORMAT


def data_key_fingerprints(keys: Keys) -> dict[int, str]:
    """Each data key's fingerprint by its version."""
    return {v: hashlib.sha256(b"tessera-data" + key).hexdigest()[:32] for v, key in keys.data_keys.items()}


def private_file(path: Path) -> IO[bytes]:
    """A file to write in that only its owner can read from the first byte on."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


async def connect_to(url: str, database: str | None = None) -> asyncpg.Connection:
    """A connection of its own to the server at ``url``, or a sentence."""
    named = {} if database is None else {"database": database}
    try:
        return await asyncpg.connect(url, timeout=15, **named)
    except (asyncpg.PostgresError, OSError) as problem:
        said = str(problem).split("\n", 1)[0] or type(problem).__name__
        which = f'database "{database}"' if database else "database"
        raise CannotRun(
            f"the {which} of [database] url cannot be opened ({said}): start it, or let its user connect"
        ) from None


def tool(name: str, args: list[str], url: str, database: str | None = None, stdout: IO[bytes] | None = None) -> str:
    """Run one of PostgreSQL's programs on the database at ``url``; its password stays off the command line."""
    where = conninfo_to_dict(url)
    password = where.pop("password", None)
    if database is not None:
        where["dbname"] = database
    secret = {"PGPASSWORD": str(password)} if password else {}
    embedded = str(where.get("host", "")).startswith("/")
    environment = clean_environment(secret) if embedded else {**os.environ, "LC_ALL": "C", **secret}
    command: list[str | Path] = [binary(name), *args, f"--dbname={make_conninfo('', **where)}"]
    return finish(command, stdout=stdout, env=environment)


async def back_up(path: Path, url: str, keys: Keys) -> BackupManifest:
    """Write a backup of the database at ``url`` to a new file; it is there as a whole or not at all.

    All of it is one snapshot, whatever is written meanwhile. An existing file is refused.
    """
    if path.exists():
        raise CannotRun(f"{path} is there already: choose another file")
    connection = await connect_to(url)
    try:
        await _refuse_newer_server(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            described = await _describe(connection, keys)
            return await asyncio.to_thread(_write, path, url, snapshot, described)
    finally:
        await connection.close()


async def _refuse_newer_server(connection: asyncpg.Connection) -> None:
    major = await connection.fetchval("SELECT current_setting('server_version_num')::int / 10000")
    if major > MAJOR:
        raise CannotRun(
            f"the server is PostgreSQL {major} and this pg_dump is of PostgreSQL {MAJOR}: "
            "update Tessera, or make the backup with the server's own pg_dump"
        )


async def _describe(connection: asyncpg.Connection, keys: Keys) -> dict[str, Any]:
    migrations: dict[str, list[str]] = {}
    if await connection.fetchval("SELECT to_regclass('public.migration')") is None:
        raise CannotRun("the database is empty: there is nothing to back up yet")
    for row in await connection.fetch("SELECT plugin, id FROM migration ORDER BY 1, 2"):
        migrations.setdefault(row["plugin"], []).append(row["id"])
    return {
        "tessera": __version__,
        "taken_at": clock.now().isoformat(),
        "server": await connection.fetchval("SELECT current_setting('server_version')"),
        "business": await connection.fetchval("SELECT name FROM business") or "",
        "index_key": keys.index_fingerprint(),
        "data_keys": data_key_fingerprints(keys),
        "migrations": migrations,
        "counts": await counts(connection),
    }


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    """The rows of every table that a backup keeps."""
    names = [row["name"] for row in await connection.fetch(_TABLES, QUEUE_TABLES)]
    return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}


def _write(path: Path, url: str, snapshot: str, described: dict[str, Any]) -> BackupManifest:
    part = path.with_name(f"{path.name}.part")
    try:
        with private_file(part) as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as file:
                with file.open(DUMP, "w", force_zip64=True) as out:
                    sha256, size = _dump(url, snapshot, out)
                manifest = BackupManifest(**described, sha256=sha256, size=size)
                file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    except OSError as problem:
        raise CannotRun(
            f"the backup {path} cannot be written ({problem.strerror or problem}): "
            "free some space or choose another place"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _dump(url: str, snapshot: str, out: IO[bytes]) -> tuple[str, int]:
    """Pass pg_dump's output on as it comes; when it cannot be written, pg_dump ends with its pipe."""
    args = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    args.append(f"--exclude-table-data={QUEUE_TABLES.replace('%', '*')}")
    digest, size = hashlib.sha256(), 0
    read, write = os.pipe()

    def run() -> None:
        with os.fdopen(write, "wb") as sink:
            tool("pg_dump", args, url, stdout=sink)

    with ThreadPoolExecutor(1) as beside:
        dumping = beside.submit(run)
        with os.fdopen(read, "rb") as source:
            while piece := source.read(CHUNK):
                out.write(piece)
                digest.update(piece)
                size += len(piece)
        dumping.result()
    return digest.hexdigest(), size


@contextmanager
def unpacked(path: Path, into: Path) -> Iterator[tuple[BackupManifest, Path]]:
    """A backup's manifest and its dump, compared with its checksum, in a file below ``into`` for the block."""
    for left in into.glob(".restoring-*.dump"):  # of a restore that was killed
        left.unlink(missing_ok=True)
    dump = into / f".restoring-{os.getpid()}.dump"
    try:
        manifest = _manifest(path)
        try:
            _unpack(path, dump, manifest)
        except OSError as problem:
            raise CannotRun(
                f"the backup cannot be unpacked below {into} ({problem.strerror or problem}): free some space there"
            ) from None
        yield manifest, dump
    finally:
        dump.unlink(missing_ok=True)


def _manifest(path: Path) -> BackupManifest:
    try:
        with zipfile.ZipFile(path) as file:
            manifest = msgspec.json.decode(file.read(MANIFEST), type=BackupManifest)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError, EOFError, NotImplementedError):
        raise CannotRun(_damaged(path)) from None
    except OSError as problem:
        raise CannotRun(f"{path} cannot be read ({problem.strerror or problem}): check the path") from None
    if manifest.format > FORMAT:
        raise CannotRun(f"{path} was made by a newer Tessera ({manifest.tessera}): update this one first")
    return manifest


def _unpack(path: Path, dump: Path, manifest: BackupManifest) -> None:
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as file, file.open(DUMP) as source, private_file(dump) as out:
            while piece := source.read(CHUNK):
                digest.update(piece)
                out.write(piece)
    except (zipfile.BadZipFile, KeyError, EOFError):
        raise CannotRun(_damaged(path)) from None
    if digest.hexdigest() != manifest.sha256:
        raise CannotRun(_damaged(path))


def _damaged(path: Path) -> str:
    return f"{path} is damaged or no backup of Tessera: give a whole file written by `tessera backup`"
