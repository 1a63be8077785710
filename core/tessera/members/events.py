"""What happens to members, as events: ids, codes and names of fields, never what stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.kernel.texts import translate
from tessera.members.labels import CHANNELS, FIELDS, PURPOSES, STATES
from tessera_hooks import Event, Happened, Text, TimelineEntry, _


class MemberCreated(msgspec.Struct):
    """Someone became a member."""

    number: str


class MemberUpdated(msgspec.Struct):
    """Some fields of a member were changed."""

    fields: list[str]


class ConsentChanged(msgspec.Struct):
    """A member agreed or refused."""

    purpose: str
    channel: str
    state: str
    source: str


class NoteAdded(msgspec.Struct):
    """Someone wrote a note about a member."""

    note: UUID


class ImportUndone(msgspec.Struct):
    """An import was taken back."""

    batch: UUID
    created: int
    updated: int


async def _updated(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {
        e.id: TimelineEntry(
            _("Profile changed"), detail=", ".join(translate(FIELDS.get(f, Text(f))) for f in e.payload["fields"])
        )
        for e in events
    }


async def _consent(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {
        e.id: TimelineEntry(
            _(
                "{purpose} by {channel}: {state}",
                purpose=PURPOSES.get(e.payload["purpose"], Text(e.payload["purpose"])),
                channel=CHANNELS.get(e.payload["channel"], Text(e.payload["channel"])),
                state=STATES[e.payload["state"]],
            )
        )
        for e in events
    }


EVENTS = [
    Event("member.created", _("Became a member"), MemberCreated, icon="user-plus"),
    Event("member.updated", _("Profile changed"), MemberUpdated, icon="user-edit", timeline=_updated),
    Event("member.consent_changed", _("Consent changed"), ConsentChanged, icon="shield-check", timeline=_consent),
    Event("member.note_added", _("Note written"), NoteAdded, icon="note"),
    Event("members.import_undone", _("Import taken back"), ImportUndone, icon="arrow-back-up", on_timeline=False),
]
