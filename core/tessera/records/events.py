"""What records of any type tell; those of one type come with its declaration."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera_hooks import Event, _


class ImportUndone(msgspec.Struct):
    """An import of records was taken back."""

    batch: UUID
    removed: int
    restored: int


EVENTS = [
    Event(
        "records.import_undone",
        _("Import of records taken back"),
        ImportUndone,
        icon="arrow-back-up",
        on_timeline=False,
    ),
]
