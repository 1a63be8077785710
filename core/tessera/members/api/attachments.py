"""Files about members, as JSON and as they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from tessera.kernel.errors import FieldError, Invalid
from tessera.members.files import answer
from tessera.members.service import attachments
from tessera.members.service.attachments import AttachmentView
from tessera_hooks import _

PATH = "/members/{member_id:uuid}/attachments"


class AttachmentOut(msgspec.Struct):
    """A file about a member; ``url`` gives its content."""

    id: UUID
    title: str
    kind: str
    media_type: str
    size: int
    sensitive: bool
    author: str
    at: datetime
    url: str


class AttachmentList(msgspec.Struct):
    """All files about a member."""

    items: list[AttachmentOut]
    next: str | None = None


def _out(member: UUID, view: AttachmentView) -> AttachmentOut:
    return AttachmentOut(
        id=view.id,
        title=view.title,
        kind=view.kind,
        media_type=view.media_type,
        size=view.size,
        sensitive=view.sensitive,
        author=view.author,
        at=view.at,
        url=f"/api/v1/members/{member}/attachments/{view.id}",
    )


@get(PATH, permission=attachments.READ, operation_id="members.attachments", tags=["members"])
async def list_attachments(member_id: FromPath[UUID]) -> AttachmentList:
    """The files about a member, the newest first."""
    return AttachmentList([_out(member_id, view) for view in await attachments.attachments_of(member_id)])


@post(PATH, permission=attachments.WRITE, operation_id="members.attach", tags=["members"])
async def attach(request: Request[Any, Any, Any], member_id: FromPath[UUID]) -> AttachmentOut:
    """Keep a file: ``multipart/form-data`` with ``file``, and ``title`` and ``sensitive`` (``yes``) where wanted."""
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        message = _("send the file as multipart/form-data in the field file")
        raise Invalid(message, [FieldError("file", message)])
    made = await attachments.attach(
        member_id,
        await file.read(),
        name=file.filename,
        title=str(form.get("title", "")),
        sensitive=form.get("sensitive") == "yes",
    )
    return _out(member_id, next(v for v in await attachments.attachments_of(member_id) if v.id == made))


@get(
    PATH + "/{attachment_id:uuid}",
    permission=attachments.READ,
    operation_id="members.attachment",
    tags=["members"],
    media_type="*/*",
)
async def read_attachment(member_id: FromPath[UUID], attachment_id: FromPath[UUID]) -> Response[bytes]:
    """The content of a file; a sensitive one needs ``members.reveal`` and is audited."""
    return answer(await attachments.read_attachment(member_id, attachment_id))


@delete(
    PATH + "/{attachment_id:uuid}",
    permission=attachments.WRITE,
    operation_id="members.detach",
    tags=["members"],
)
async def detach(member_id: FromPath[UUID], attachment_id: FromPath[UUID]) -> None:
    """Take a file away."""
    await attachments.detach(member_id, attachment_id)


handlers = [list_attachments, attach, read_attachment, detach]
