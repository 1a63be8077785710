"""A removed plugin as one zip file: a manifest, and each table as PostgreSQL's own CSV, which returns to the byte."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from tessera.kernel.database import connection
from tessera.kernel.errors import CannotRun
from tessera.kernel.plugins.relations import Column, columns_of, primary_key, quoted

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 1 << 20


class Part(msgspec.Struct, frozen=True):
    """One table in the file; ``sha256`` is of its CSV."""

    table: str
    member: str
    columns: list[Column]
    rows: int
    sha256: str


class Grant(msgspec.Struct, frozen=True):
    """Rights of the plugin that a row of the core held: a role's, an API key's; ``key`` is the row's."""

    table: str
    key: str
    permissions: list[str]


class ExportManifest(msgspec.Struct, frozen=True):
    """What an export says of itself. ``migrations`` names those that had run when it was taken."""

    plugin: str
    title: dict[str, str]
    version: str
    tessera: str
    taken_at: str
    migrations: list[str]
    tables: list[Part]
    core: list[Part]
    grants: list[Grant] = []
    format: int = FORMAT


class _Hashing:
    """A file that is written through: what went in, as a hash and a count."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner, self._hash = inner, hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._hash.update(piece)
        return self._inner.write(piece)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class ExportWriter:
    """Writes an export; the manifest comes last."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    async def table(self, folder: str, schema: str, table: str, where: str = "TRUE", *args: Any) -> Part:
        """Write the rows of a table that fulfil a condition, in the order of its key."""
        columns = await columns_of(schema, table)
        listed = ", ".join(quoted(c.name) for c in columns)
        order = ", ".join(quoted(c) for c in await primary_key(schema, table)) or "1"
        query = f"SELECT {listed} FROM {quoted(schema)}.{quoted(table)} WHERE {where} ORDER BY {order}"
        member = f"{folder}/{table}.csv"
        with self._file.open(member, "w", force_zip64=True) as inner:
            out = _Hashing(inner)
            async with connection() as db:
                status = await db.copy_from_query(query, *args, output=out, format="csv", header=True)
        return Part(table, member, columns, int(status.rsplit(" ", 1)[-1]), out.sha256)

    def manifest(self, manifest: ExportManifest) -> None:
        """Write the manifest."""
        self._file.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


class ExportReader:
    """Reads an export that was found whole."""

    def __init__(self, file: zipfile.ZipFile, manifest: ExportManifest) -> None:
        self._file, self.manifest = file, manifest

    async def load(self, part: Part, table: str) -> None:
        """Load a part's rows into a table of the session, by name."""
        async with connection() as db:
            with self._file.open(part.member) as source:
                names = [c.name for c in part.columns]
                await db.copy_to_table(table, source=source, columns=names, format="csv", header=True)


@contextmanager
def writing(path: Path) -> Iterator[ExportWriter]:
    """A new export at ``path``, there as a whole or not at all; an existing file is refused."""
    if path.exists():
        raise CannotRun(f"{path} is there already: choose another file")
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
                yield ExportWriter(file)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    except ConnectionError:
        raise
    except OSError as problem:
        raise CannotRun(
            f"the export {path} cannot be written ({problem.strerror or problem}): "
            "free some space or choose another place"
        ) from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[ExportReader]:
    """An export whose every part was compared with its checksum before anything is done with it."""
    try:
        file = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise CannotRun(_damaged(path)) from None
    except OSError as problem:
        raise CannotRun(f"{path} cannot be read ({problem.strerror or problem}): check the path") from None
    with file:
        yield ExportReader(file, _checked(path, file))


def _checked(path: Path, file: zipfile.ZipFile) -> ExportManifest:
    try:
        manifest = msgspec.json.decode(file.read(MANIFEST), type=ExportManifest)
        if manifest.format > FORMAT:
            raise CannotRun(f"{path} was written by a newer Tessera ({manifest.tessera}): update this one")
        whole = all(_digest(file, part.member) == part.sha256 for part in [*manifest.tables, *manifest.core])
    except (zipfile.BadZipFile, zlib.error, KeyError, msgspec.DecodeError, EOFError, NotImplementedError):
        whole = False
    if not whole:
        raise CannotRun(_damaged(path))
    return manifest


def _damaged(path: Path) -> str:
    return f"{path} is damaged or no export of a plugin: give a file written by `tessera plugin remove --export`"


def _digest(file: zipfile.ZipFile, member: str) -> str:
    digest = hashlib.sha256()
    with file.open(member) as source:
        while piece := source.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
