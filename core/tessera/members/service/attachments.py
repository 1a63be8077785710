"""Files and pictures about members: told by their content, pictures drawn anew, sensitive ones sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.actor import actor
from tessera.kernel import clock, files
from tessera.kernel.business import setting
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooLarge
from tessera.kernel.events import emit
from tessera.kernel.file_kinds import FileKind, kind_of, safe_name
from tessera.kernel.ids import uuid7
from tessera.kernel.pictures import redraw
from tessera.members.normalise import plain
from tessera.members.service.reveal import may_reveal_of
from tessera.members.service.scope import need_visible
from tessera.members.service.survivors import locked
from tessera_hooks import _

READ, WRITE, REVEAL = "members.read", "members.write", "members.reveal"

LARGEST = "members.largest_file"
"""The setting that says how many megabytes a file may have; never more than the 20 of ``kernel.files``."""

MOST = 200
"""Files that one member may have."""

LONGEST_TITLE = 200


class AttachmentUnknown(NotFound):
    """The member has no such file, or none that this actor may see."""

    code = "attachment_unknown"


class TooManyFiles(Conflict):
    """The member has as many files as one may have."""

    code = "too_many_files"


@dataclass(frozen=True)
class AttachmentView:
    """A file about a member; ``has_thumbnail`` where a small picture may be shown in lists."""

    id: UUID
    title: str
    kind: str
    media_type: str
    size: int
    sensitive: bool
    author: str
    at: datetime
    has_thumbnail: bool

    @property
    def is_picture(self) -> bool:
        """Whether it is shown in the page instead of being saved."""
        return self.kind == "picture"


@dataclass(frozen=True)
class _Ready:
    name: str
    kind: str
    media_type: str
    content: bytes
    small: bytes | None


def largest() -> int:
    """How many bytes a file may have in this business."""
    return min(max(1, int(setting(LARGEST, files.LARGEST >> 20))) << 20, files.LARGEST)


async def attach(member: UUID, content: bytes, *, name: str, title: str = "", sensitive: bool = False) -> UUID:
    """Keep a file about a member and answer its id.

    What it is, its content tells. A picture is drawn anew: upright, without place, time and camera. A
    sensitive file is unreadable at rest and has no small picture.
    """
    title = plain(title)
    if len(title) > LONGEST_TITLE:
        message = _("at most {limit} characters", limit=LONGEST_TITLE)
        raise Invalid(message, [FieldError("title", message)])
    id_ = await need_visible(member, WRITE)
    ready = await _ready(content, name)

    async def work() -> UUID:
        held = await locked(id_)
        if await fetchval("SELECT count(*) FROM attachment WHERE member = $1", held) >= MOST:
            raise TooManyFiles(_("A member has at most {n} files: take one away first.", n=MOST))
        file = await _stored(ready.content, ready.name, ready.media_type, sensitive=sensitive)
        shown = ready.small if not sensitive else None
        small = await _stored(shown, ready.name, ready.media_type) if shown is not None else None
        made = uuid7()
        await execute(
            "INSERT INTO attachment (id, member, file, thumbnail, title, kind, sensitive, author, staff, at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            made,
            held,
            file,
            small,
            title or ready.name,
            ready.kind,
            sensitive,
            str(actor().label)[:200],
            actor().staff_id,
            clock.now(),
        )
        await audit.note("members.file_added", member=held, subject=("attachment", made))
        await emit("member.file_added", member=held, file=made)
        return made

    return await in_transaction(work)


async def _ready(content: bytes, name: str) -> _Ready:
    """A file as it is kept, or a refusal."""
    if not content:
        message = _("the file is empty")
        raise Invalid(message, [FieldError("file", message)])
    if len(content) > largest():
        raise TooLarge(_("the file is larger than {n} MB: make it smaller", n=largest() >> 20))
    kind = kind_of(content, name)
    if not kind.is_picture:
        return _Ready(safe_name(name, kind), "document", kind.media_type, content, None)
    picture = await redraw(content)
    drawn = FileKind(picture.media_type, "png" if picture.media_type == "image/png" else "jpg")
    stem = name.rsplit(".", 1)[0]
    return _Ready(safe_name(stem, drawn), "picture", picture.media_type, picture.content, picture.small)


async def _stored(content: bytes, name: str, media_type: str, *, sensitive: bool = False) -> UUID:
    return await files.store_file(content, name=name, media_type=media_type, seal=sealing if sensitive else None)


_ROWS = """
SELECT a.id, a.title, a.kind, a.sensitive, a.author, a.at, a.thumbnail IS NOT NULL AS has_thumbnail,
    f.media_type, f.size
FROM attachment a JOIN stored_file f ON f.id = a.file WHERE a.member = $1 ORDER BY a.at DESC, a.id DESC
"""


async def attachments_of(member: UUID) -> Sequence[AttachmentView]:
    """The files about a member, the newest first; sensitive ones by their titles."""
    id_ = await need_visible(member, READ)
    return [AttachmentView(**dict(row)) for row in await fetch(_ROWS, id_)]


async def read_attachment(member: UUID, attachment: UUID, *, small: bool = False) -> files.File:
    """The content of a file; of a sensitive one only with ``members.reveal``, and audited each time."""
    id_ = await need_visible(member, READ)
    row = await _row(id_, attachment)
    if small:
        if row["thumbnail"] is None:
            raise _unknown()
        return await files.load_file(row["thumbnail"])
    if not row["sensitive"]:
        return await files.load_file(row["file"])
    if not await may_reveal_of(id_):
        raise Forbidden(_("You may not do this: it needs the permission {name}.", name=REVEAL))

    async def work() -> files.File:
        await audit.note(
            "members.revealed",
            member=id_,
            subject=("attachment", attachment),
            store=row["store"],
            fields=["attachment"],
            rows=1,
        )
        return await files.load_file(row["file"], seal=sealing)

    return await in_transaction(work)


async def detach(member: UUID, attachment: UUID) -> None:
    """Take a file away, for good."""
    id_ = await need_visible(member, WRITE)

    async def work() -> None:
        await _row(id_, attachment)
        row = await fetchrow("DELETE FROM attachment WHERE id = $1 RETURNING file, thumbnail", attachment)
        if row is None:
            raise _unknown()
        await files.delete_files([one for one in row if one is not None])
        await audit.note("members.file_removed", member=id_, subject=("attachment", attachment))
        await emit("member.file_removed", member=id_, file=attachment)

    await in_transaction(work)


async def _row(member: UUID, attachment: UUID) -> Any:
    row = await fetchrow(
        "SELECT a.file, a.thumbnail, a.sensitive, m.store FROM attachment a JOIN member m ON m.id = a.member "
        "WHERE a.id = $1 AND a.member = $2",
        attachment,
        member,
    )
    if row is None:
        raise _unknown()
    return row


def _unknown() -> AttachmentUnknown:
    return AttachmentUnknown(_("There is no such file."))
