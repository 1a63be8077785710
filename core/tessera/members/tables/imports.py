"""The imports that brought members and other facts."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Bytea, Timestamptz, Varchar
from piccolo.table import Table


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
