"""What happens to members, as events: ids, codes and names of fields, never what stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.database import fetch
from tessera.kernel.texts import translate
from tessera.members.identities import LABELS
from tessera.members.labels import CHANNELS, PURPOSES, STATES, TIES
from tessera.members.service.fields import label_of
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


class MembersMerged(msgspec.Struct):
    """Two members became one, or two again: which merge, who stays, and who lives on in them."""

    merge: UUID
    survivor: UUID
    other: UUID


class IdentityChanged(msgspec.Struct):
    """A member got or lost an identity; its kind alone is told."""

    identity_kind: str


class ResponsibleChanged(msgspec.Struct):
    """Someone else, or nobody, is responsible in a role; ``before`` and ``after`` are staff."""

    role: str
    before: UUID | None = None
    after: UUID | None = None


class LinkChanged(msgspec.Struct):
    """A member was linked to another, or is no longer; ``role`` is what the other is to the member."""

    role: str
    other: UUID | None


class FileChanged(msgspec.Struct):
    """A file about a member was added or taken away."""

    file: UUID


class MemberErased(msgspec.Struct):
    """A person was taken out of everything; the row that stays names nobody."""

    reason: str


class ImportUndone(msgspec.Struct):
    """An import was taken back."""

    batch: UUID
    created: int
    updated: int


async def _updated(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {
        e.id: TimelineEntry(_("Profile changed"), detail=", ".join(translate(label_of(f)) for f in e.payload["fields"]))
        for e in events
    }


async def _identity(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    def told(event: Happened) -> Text:
        kind = LABELS.get(event.payload["identity_kind"], Text(event.payload["identity_kind"]))
        if event.kind == "member.identity_added":
            return _("{kind} added", kind=kind)
        return _("{kind} removed", kind=kind)

    return {e.id: TimelineEntry(told(e)) for e in events}


async def _link(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    def told(event: Happened) -> Text:
        role = TIES.get(event.payload["role"], Text(event.payload["role"]))
        if event.kind == "member.linked":
            return _("Linked: {role}", role=role)
        return _("No longer linked: {role}", role=role)

    return {e.id: TimelineEntry(told(e)) for e in events}


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


async def _numbers(events: Sequence[Happened]) -> Mapping[UUID, tuple[str, str]]:
    """The numbers of the survivor and the other of each event."""
    wanted = [UUID(e.payload[side]) for e in events for side in ("survivor", "other")]
    rows = await fetch("SELECT id, number FROM member WHERE id = ANY($1)", wanted)
    known = {str(row["id"]): row["number"] for row in rows}
    return {e.id: (known.get(e.payload["survivor"], ""), known.get(e.payload["other"], "")) for e in events}


def _merge_url(event: Happened) -> str | None:
    return f"/members/merges/{event.payload['merge']}" if actor().may("members.merge") else None


async def _merged(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    numbers = await _numbers(events)
    return {
        e.id: TimelineEntry(
            _("Number {other} was merged into {survivor}", other=numbers[e.id][1], survivor=numbers[e.id][0]),
            url=_merge_url(e),
        )
        for e in events
    }


async def _unmerged(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    numbers = await _numbers(events)
    return {
        e.id: TimelineEntry(
            _("Merge of {other} into {survivor} undone", other=numbers[e.id][1], survivor=numbers[e.id][0]),
            url=_merge_url(e),
        )
        for e in events
    }


async def _responsible(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    known = access.roles()
    ids = {UUID(e.payload["after"]) for e in events if e.payload["after"]}
    names = {r["id"]: r["name"] for r in await fetch("SELECT id, name FROM staff WHERE id = ANY($1)", list(ids))}
    return {
        e.id: TimelineEntry(
            _(
                "{role}: {name}",
                role=known[e.payload["role"]].title if e.payload["role"] in known else e.payload["role"],
                name=names[UUID(e.payload["after"])] if e.payload["after"] else _("nobody"),
            )
        )
        for e in events
    }


EVENTS = [
    Event("member.created", _("Became a member"), MemberCreated, icon="user-plus"),
    Event("member.updated", _("Profile changed"), MemberUpdated, icon="user-edit", timeline=_updated),
    Event("member.consent_changed", _("Consent changed"), ConsentChanged, icon="shield-check", timeline=_consent),
    Event("member.identity_added", _("Card or id added"), IdentityChanged, icon="id", timeline=_identity),
    Event("member.identity_removed", _("Card or id removed"), IdentityChanged, icon="id-off", timeline=_identity),
    Event("member.linked", _("Linked to another member"), LinkChanged, icon="link", timeline=_link),
    Event("member.unlinked", _("Link taken away"), LinkChanged, icon="unlink", timeline=_link),
    Event("member.note_added", _("Note written"), NoteAdded, icon="note"),
    Event("member.merged", _("Merged"), MembersMerged, icon="arrows-join", timeline=_merged),
    Event("member.unmerged", _("Merge undone"), MembersMerged, icon="arrows-split", timeline=_unmerged),
    Event(
        "member.responsible_changed",
        _("Someone else is responsible"),
        ResponsibleChanged,
        icon="heart-handshake",
        timeline=_responsible,
    ),
    Event("member.file_added", _("File added"), FileChanged, icon="paperclip"),
    Event("member.file_removed", _("File taken away"), FileChanged, icon="paperclip", on_timeline=False),
    Event("member.erased", _("Erased"), MemberErased, icon="user-off", on_timeline=False),
    Event("members.import_undone", _("Import taken back"), ImportUndone, icon="arrow-back-up", on_timeline=False),
]
