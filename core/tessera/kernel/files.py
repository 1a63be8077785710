"""Files: bytes with a name and a media type, kept in the database so that a backup holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow
from tessera.kernel.errors import NotFound, TooLarge
from tessera.kernel.ids import uuid7
from tessera_hooks import _

LARGEST = 20 * 1024 * 1024
"""Bytes that one file may have."""


@dataclass(frozen=True)
class File:
    """A file as it was stored."""

    id: UUID
    name: str
    media_type: str
    content: bytes


class Seal(Protocol):
    """What makes bytes unreadable at rest, and readable again."""

    def seal(self, plain: bytes) -> bytes:
        """The sealed bytes."""
        ...

    def unseal(self, sealed: bytes) -> bytes:
        """The plain bytes."""
        ...


async def store_file(
    content: bytes, *, name: str, media_type: str, plugin: str = "core", seal: Seal | None = None
) -> UUID:
    """Keep a file and answer its id; with ``seal`` it is unreadable at rest."""
    if len(content) > LARGEST:
        raise TooLarge(_("the file is larger than {n} MB: make it smaller", n=LARGEST // 2**20))
    id_ = uuid7()
    await execute(
        "INSERT INTO stored_file (id, name, media_type, size, sha256, sealed, content, plugin, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id_,
        name,
        media_type,
        len(content),
        hashlib.sha256(content).digest(),
        seal is not None,
        seal.seal(content) if seal else content,
        plugin,
        clock.now(),
    )
    return id_


async def load_file(id_: UUID, seal: Seal | None = None) -> File:
    """A file by its id; a sealed one needs its seal."""
    row = await fetchrow("SELECT id, name, media_type, content, sealed FROM stored_file WHERE id = $1", id_)
    if row is None:
        raise NotFound(_("this file is not there"))
    content = bytes(row["content"])
    if row["sealed"]:
        if seal is None:
            raise ValueError("a sealed file was asked for without its seal")
        content = seal.unseal(content)
    return File(row["id"], row["name"], row["media_type"], content)


async def delete_files(ids: Sequence[UUID]) -> None:
    """Take files away; those that are not there are no matter."""
    if ids:
        await execute("DELETE FROM stored_file WHERE id = ANY($1)", list(ids))
