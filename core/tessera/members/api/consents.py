"""What members agreed to, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import put
from litestar.params import FromPath, JSONBody

from tessera.members import service


class ConsentIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a member said; ``by`` who said it, where it was not the member."""

    state: Literal["granted", "refused"]
    source: str = "api"
    wording: str = ""
    by: str = ""


class ConsentOut(msgspec.Struct):
    """What a member said last about one purpose and channel."""

    purpose: str
    channel: str
    state: str
    source: str
    wording: str
    by: str
    at: datetime | None


@put(
    "/members/{member_id:uuid}/consents/{purpose:str}/{channel:str}",
    permission="members.write",
    operation_id="members.consent",
    tags=["members"],
)
async def consent(
    member_id: FromPath[UUID], purpose: FromPath[str], channel: FromPath[str], data: JSONBody[ConsentIn]
) -> ConsentOut:
    """Note that a member agreed or refused."""
    await service.set_consent(
        member_id, purpose, channel, data.state, source=data.source, wording=data.wording, given_by=data.by
    )
    said = next(c for c in await service.consents(member_id) if (c.purpose, c.channel) == (purpose, channel))
    return ConsentOut(purpose, channel, said.state, said.source, said.wording, said.given_by, said.at)


handlers = [consent]
