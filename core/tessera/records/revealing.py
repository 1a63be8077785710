"""Revealing a sensitive value of a record: one for a person, whole records for a program; each is audited."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel.database import in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.members.service.reveal import NothingToReveal
from tessera.members.service.views import shows_whole
from tessera.records import present, rows
from tessera.records.kinds import Kind
from tessera.records.rows import Entry
from tessera_hooks import _


async def reveal(kind: Kind, record: UUID, name: str) -> str:
    """One sensitive value of a record, in words and with its unit; needs ``members.reveal`` in the record's store.

    The audit notes who saw which field of whom, in the transaction that reads it, and never the value.
    """

    async def work() -> str:
        entry = await sensitive(kind, record, name)
        actor().needs("members.reveal", entry.store)
        await audit.note(
            "records.revealed",
            member=entry.member,
            subject=("record", entry.id),
            store=entry.store,
            fields=[f"{kind.code}.{name}"],
            rows=1,
        )
        return present.readable(kind, name, entry.values[name])

    return await in_transaction(work)


async def sensitive(kind: Kind, record: UUID, name: str) -> Entry:
    """The record, where it has a value in a field that is sensitive."""
    entry = await rows.one(kind, record)
    if name not in kind.fields or not kind.fields[name].sensitive:
        message = _("there is nothing masked of that name")
        raise Invalid(message, [FieldError("field", message)])
    if entry.values[name] is None:
        raise NothingToReveal(_("There is nothing to reveal."))
    return entry


async def note_whole(kind: Kind, entries: Sequence[Entry]) -> None:
    """Audit that a program was answered sensitive values: once for all of an answer."""
    if actor().kind != "key":
        return
    hidden = [name for name, field in kind.fields.items() if field.sensitive]
    shown = [entry for entry in entries if shows_whole(entry.store)]
    whole = [entry for entry in shown if any(entry.values[name] is not None for name in hidden)]
    if whole:
        one = whole[0].member if len(whole) == 1 else None
        fields = [f"{kind.code}.{name}" for name in hidden]
        await audit.note("records.revealed", member=one, fields=fields, rows=len(whole))
