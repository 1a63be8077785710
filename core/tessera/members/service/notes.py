"""Remarks about members, sealed; what an import repeats is not written twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import current_batch, emit
from tessera.kernel.ids import uuid7
from tessera.members.service.scope import need_visible
from tessera.members.service.survivors import hold
from tessera_hooks import _

LONGEST = 4000


@dataclass(frozen=True)
class NoteView:
    """One remark, who wrote it and when."""

    id: UUID
    text: str
    author: str
    at: datetime


def note_lookup(text: str) -> bytes:
    """What tells equal notes of one member without unsealing them."""
    return sealing.lookup("note", text)


def clean_note(text: str) -> str:
    """A note as it is kept: line ends in one spelling, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


async def add_note(member: UUID, text: str) -> UUID | None:
    """Write a remark about a member; ``None`` where the same one is there already."""
    cleaned = clean_note(text)
    if not cleaned or len(cleaned) > LONGEST:
        message = _("write a note of at most {limit} characters", limit=LONGEST)
        raise Invalid(message, [FieldError("text", message)])
    await need_visible(member, "members.write")

    async def work() -> UUID | None:
        here = await hold(member)
        added: UUID | None = await fetchval(
            "INSERT INTO member_note (id, member, text, lookup, author, staff, batch, at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (member, lookup) DO NOTHING RETURNING id",
            uuid7(),
            here,
            sealing.seal(cleaned),
            note_lookup(cleaned),
            str(actor().label)[:200],
            actor().staff_id,
            current_batch(),
            clock.now(),
        )
        if added is not None:
            await emit("member.note_added", member=here, note=added)
            await audit.note("members.note_written", member=here, subject=("note", added))
        return added

    return await in_transaction(work)


async def notes_of(member: UUID, limit: int = 50) -> list[NoteView]:
    """The newest remarks about a member."""
    here = await need_visible(member)
    rows = await fetch(
        "SELECT id, text, author, at FROM member_note WHERE member = $1 ORDER BY at DESC, id DESC LIMIT $2",
        here,
        limit,
    )
    return [NoteView(row["id"], sealing.unseal_text(row["text"]), row["author"], row["at"]) for row in rows]
