"""The imports that brought members and other facts."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from tessera.access.tables import Staff, Store


class ImportBatch(Table, tablename="import_batch"):
    """One import: which file with which options, how far it has come, and what became of its rows.

    ``position`` is the last line whose chunk was committed. ``state`` is ``running``, ``done`` or ``undone``.
    """

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=40)
    file_name = Varchar(length=255)
    sha256 = Bytea()
    options = JSONB()
    state = Varchar(length=8, default="running")
    position = BigInt(default=0)
    read = BigInt(default=0)
    created = BigInt(default=0)
    updated = BigInt(default=0)
    unchanged = BigInt(default=0)
    rejected = BigInt(default=0)
    actor = Varchar(length=200)
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)


class ImportUpload(Table, tablename="import_upload"):
    """A list that someone brought to the page: kept sealed until its import is long over.

    ``file`` and ``rejects`` are ids in ``stored_file``; ``head`` holds the columns and first rows, sealed.
    ``state`` is ``ready``, ``working`` or ``done``; ``work`` what it was last told to do (``check``,
    ``import`` or ``undo``); ``beat_at`` the last sign of life of that work; ``report`` how it ended.
    """

    id = UUID(primary_key=True, default=None)
    file = UUID(null=True, default=None)
    rejects = UUID(null=True, default=None)
    head = Bytea(null=True, default=None)
    file_name = Varchar(length=255)
    size = BigInt()
    sha256 = Bytea()
    signature = Bytea()
    mapping = JSONB()
    source = Varchar(length=80)
    store = ForeignKey(Store, null=True, default=None, on_delete=OnDelete.restrict)
    state = Varchar(length=8, default="ready")
    work = Varchar(length=8, default="")
    progress = UUID(null=True, default=None)
    batch = UUID(null=True, default=None)
    report = JSONB(null=True, default=None)
    staff = ForeignKey(Staff, null=True, default=None, on_delete=OnDelete.restrict)
    actor = Varchar(length=200)
    uploaded_at = Timestamptz()
    beat_at = Timestamptz()


class ImportMapping(Table, tablename="import_mapping"):
    """What the columns of a list were said to mean, by the signature of its header, for the next list alike."""

    signature = Bytea(primary_key=True)
    mapping = JSONB()
    source = Varchar(length=80)
    changed_at = Timestamptz()
