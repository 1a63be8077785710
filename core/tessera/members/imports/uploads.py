"""Lists that people bring to the page: kept sealed, shown by their first rows, and taken away when they are done."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import sealing
from tessera.access.actor import actor
from tessera.kernel import clock, files
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound, TooLarge
from tessera.kernel.ids import uuid7
from tessera.kernel.tabular import Limits, Row, open_table
from tessera.members.imports.batches import stored_text, text_of
from tessera.members.imports.mapping import IGNORE, assign, plain_header
from tessera.members.imports.people.columns import SEVERAL, known_fields, plan
from tessera.members.service.scope import home_store
from tessera_hooks import _

IMPORT = "members.import"
"""The permission to bring lists of members; an import tells which identities are known, so ``members.reveal`` too."""

FIRST = 20
"""Rows that are kept to show how a list will be read."""

KEPT = timedelta(days=7)
"""How long the file of an import that came to its end is kept; one that was never imported goes then, too."""

PATIENCE = Limits(seconds=60.0, memory=1 << 30)
"""What a workbook may cost while someone waits for its page."""


class UploadUnknown(NotFound):
    """There is no such list, or it is someone else's."""

    code = "upload_unknown"


class UploadBusy(Conflict):
    """Something is being done with the list already, or it is done."""

    code = "upload_busy"


class Head(msgspec.Struct):
    """The columns of a list, and its first rows: line, cells, and what is wrong with it as a stored text."""

    columns: list[str]
    rows: list[tuple[int, list[str | None], Any]]

    def as_rows(self) -> list[Row]:
        """The rows as an import reads them."""
        return [
            Row(line, dict(zip(self.columns, cells, strict=True)), text_of(error) if error else None)
            for line, cells, error in self.rows
        ]

    def samples(self, column: str, most: int = 3) -> list[str]:
        """A few cells of a column that say something."""
        place = self.columns.index(column)
        said = [text for _line, cells, _error in self.rows if (text := (cells[place] or "").strip())]
        return list(dict.fromkeys(said))[:most]


class Sealed:
    """Packs and seals files of imports: they are personal through and through."""

    def seal(self, plain: bytes) -> bytes:
        """The bytes, smaller and unreadable."""
        return sealing.seal(zlib.compress(plain, 6))

    def unseal(self, sealed: bytes) -> bytes:
        """The bytes as they were."""
        return zlib.decompress(sealing.unseal(sealed))


SEALED = Sealed()


@contextmanager
def on_disk(content: bytes, name: str) -> Iterator[Path]:
    """A file in a folder that only this process may enter, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="tessera-import-") as folder:
        path = Path(folder) / (Path(name.replace("\\", "/")).name.replace("\0", "")[-120:] or "list")
        path.write_bytes(content)
        yield path


def _read_head(content: bytes, name: str) -> Head:
    with on_disk(content, name) as path, open_table(path, limits=PATIENCE) as table:
        rows = []
        for row in table.rows():
            error = stored_text(row.error) if row.error is not None else None
            rows.append((row.line, [row.values.get(column) for column in table.columns], error))
            if len(rows) == FIRST:
                break
        return Head(list(table.columns), rows)


def signature_of(columns: Sequence[str]) -> bytes:
    """What makes two lists alike: the same columns in the same order."""
    return hashlib.sha256("\x1f".join(plain_header(column) for column in columns).encode()).digest()


def guessed(columns: Sequence[str]) -> dict[str, str]:
    """What each column means by its name; ``ignore`` where the name says nothing."""
    fields, _ignored = assign(columns, {}, known_fields(), SEVERAL)
    meant = {column: field for field, of_field in fields.items() for column in of_field}
    return {column: meant.get(column, IGNORE) for column in columns}


async def bring(content: bytes, name: str) -> UUID:
    """Keep a list and answer its id; refuses what is no table, before anything is kept."""
    if len(content) > files.LARGEST:
        raise TooLarge(
            _(
                "the list is larger than {n} MB: import it on the server, with tessera import members FILE",
                n=files.LARGEST // 2**20,
            )
        )
    head = await asyncio.to_thread(_read_head, content, name)
    signature = signature_of(head.columns)
    known = await fetchrow("SELECT mapping, source FROM import_mapping WHERE signature = $1", signature)
    mapping = {**guessed(head.columns), **_remembered(known, head.columns)}

    async def work() -> UUID:
        file = await files.store_file(content, name=name[-255:], media_type="application/octet-stream", seal=SEALED)
        id_, now = uuid7(), clock.now()
        await execute(
            "INSERT INTO import_upload (id, file, head, file_name, size, sha256, signature, mapping, source, store, "
            "state, work, staff, actor, uploaded_at, beat_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, 'ready', '', $11, $12, $13, $13)",
            id_,
            file,
            SEALED.seal(msgspec.json.encode(head)),
            name[-255:],
            len(content),
            hashlib.sha256(content).digest(),
            signature,
            _json(mapping),
            known["source"] if known else Path(name).stem[:80] or "list",
            home_store(None),
            actor().staff_id,
            str(actor().label)[:200],
            now,
        )
        return id_

    return await in_transaction(work)


def _remembered(known: Any, columns: Sequence[str]) -> dict[str, str]:
    """What an equal header was said to mean, as far as those fields still exist."""
    if known is None:
        return {}
    fields = {*known_fields(), IGNORE}
    by_plain = {plain_header(column): field for column, field in known["mapping"].items()}
    meant = {column: by_plain.get(plain_header(column)) for column in columns}
    return {column: field for column, field in meant.items() if field in fields}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _seen() -> UUID | None:
    """Whose lists the actor sees: everyone's where it may import everywhere, else its own."""
    if actor().stores_with(IMPORT) is None:
        return None
    return actor().staff_id or UUID(int=0)


_UPLOAD = """
SELECT u.*, b.state AS batch_state, p.done, p.total FROM import_upload u
LEFT JOIN import_batch b ON b.id = u.batch LEFT JOIN progress p ON p.id = u.progress
WHERE ($1::uuid IS NULL OR u.staff = $1)
"""


async def upload(id_: UUID) -> Any:
    """A list as it stands, with the state of its import and how far it has come."""
    row = await fetchrow(f"{_UPLOAD} AND u.id = $2", _seen(), id_)
    if row is None:
        raise UploadUnknown(_("This list is not there."))
    return row


async def uploads(limit: int = 30) -> list[Any]:
    """The lists of late, the newest first."""
    return await fetch(f"{_UPLOAD} ORDER BY u.id DESC LIMIT $2", _seen(), limit)


async def other_imports(limit: int = 30) -> list[Any]:
    """Imports that did not come by the page, for those who see everything."""
    if _seen() is not None:
        return []
    return await fetch(
        "SELECT * FROM import_batch b WHERE NOT EXISTS (SELECT 1 FROM import_upload u WHERE u.batch = b.id) "
        "AND NOT EXISTS (SELECT 1 FROM import_upload u WHERE u.sha256 = b.sha256) ORDER BY id DESC LIMIT $1",
        limit,
    )


def head_of(row: Any) -> Head | None:
    """The first rows of a list; nothing when its file was taken away."""
    return msgspec.json.decode(SEALED.unseal(row["head"]), type=Head) if row["head"] else None


async def choose(id_: UUID, mapping: Mapping[str, str], source: str, store: UUID | None) -> None:
    """Say what the columns of a list mean, which system's ids it holds, and where its members belong."""
    row = await upload(id_)
    head = head_of(row)
    if head is None:
        raise UploadBusy(_("The file of this import was taken away: bring it again."))
    meant = {column: mapping.get(column, IGNORE) for column in head.columns}
    _refuse_twice(meant)
    plan(head.columns, meant)
    if not source.strip():
        message = _("name the system that the list comes from, such as its program")
        raise Invalid(message, [FieldError("source", message)])
    home = home_store(store)
    actor().needs(IMPORT, home)

    async def work() -> None:
        changed = await execute(
            "UPDATE import_upload SET mapping = $2::jsonb, source = $3, store = $4 WHERE id = $1 AND state = 'ready'",
            id_,
            _json(meant),
            source.strip()[:80],
            home,
        )
        if not changed:
            raise UploadBusy(_("This list is being worked on: wait for its end."))
        await execute(
            "INSERT INTO import_mapping (signature, mapping, source, changed_at) VALUES ($1, $2::jsonb, $3, $4) "
            "ON CONFLICT (signature) DO UPDATE SET mapping = excluded.mapping, source = excluded.source, "
            "changed_at = excluded.changed_at",
            row["signature"],
            _json(meant),
            source.strip()[:80],
            clock.now(),
        )

    await in_transaction(work)


def _refuse_twice(meant: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for column, field in meant.items():
        if field in first and field not in SEVERAL and field != IGNORE:
            raise Invalid(_("{first} and {second} cannot both be the same field", first=first[field], second=column))
        first[field] = column


async def content_of(id_: UUID) -> bytes:
    """The bytes of a stored file of imports."""
    return (await files.load_file(id_, seal=SEALED)).content


async def keep_rejects(content: bytes, name: str) -> UUID | None:
    """Keep the rejected rows of a list; more than a file may have are left to the command."""
    if len(content) > files.LARGEST:
        return None
    return await files.store_file(content, name=name[-255:], media_type="text/csv", seal=SEALED)


async def purge() -> None:
    """Take the files of imports away whose time is over; what became of their rows stays."""

    async def work() -> None:
        rows = await fetch(
            "UPDATE import_upload u SET file = NULL, rejects = NULL, head = NULL FROM import_upload o "
            "WHERE o.id = u.id AND u.state <> 'working' AND u.beat_at < $1 AND u.head IS NOT NULL "
            "RETURNING o.file, o.rejects",
            clock.now() - KEPT,
        )
        gone = [id_ for row in rows for id_ in row.values() if id_ is not None]
        await execute("DELETE FROM stored_file WHERE id = ANY($1)", gone)

    await in_transaction(work)


async def discard(id_: UUID) -> None:
    """Take a list away that is not to be imported after all."""
    row = await upload(id_)

    async def work() -> None:
        if not await execute("DELETE FROM import_upload WHERE id = $1 AND state = 'ready' AND batch IS NULL", id_):
            raise UploadBusy(_("This list is being worked on: wait for its end."))
        await execute(
            "DELETE FROM stored_file WHERE id = ANY($1)", [x for x in (row["file"], row["rejects"]) if x is not None]
        )

    await in_transaction(work)
