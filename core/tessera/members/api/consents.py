"""What members agreed to, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import FromPath, JSONBody

from tessera.members import service
from tessera.members.service import ConsentView


class ConsentIn(msgspec.Struct, forbid_unknown_fields=True):
    """What a member said; ``by`` who said it, where it was not the member: the id of a linked guardian, or words."""

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


class Consents(msgspec.Struct):
    """Every purpose and channel."""

    items: list[ConsentOut]


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
    here, guardian = await service.need_visible(member_id, "members.write"), _id(data.by)
    await service.set_consent(
        here,
        purpose,
        channel,
        data.state,
        source=data.source,
        wording=data.wording,
        given_by=data.by if guardian is None else "",
        guardian=guardian,
    )
    said = next(c for c in await service.consents(here) if (c.purpose, c.channel) == (purpose, channel))
    return (await _out([said]))[0]


@get(
    "/members/{member_id:uuid}/consents",
    permission="members.read",
    operation_id="members.consents",
    tags=["members"],
)
async def list_consents(member_id: FromPath[UUID]) -> Consents:
    """What a member said last about every purpose and channel, ``never_asked`` where nothing."""
    return Consents(await _out(await service.consents(await service.need_visible(member_id))))


def _id(by: str) -> UUID | None:
    try:
        return UUID(by) if by else None
    except ValueError:
        return None


async def _out(said: Sequence[ConsentView]) -> list[ConsentOut]:
    """Consents as programs see them; a guardian who does not exist for the key is not named."""
    guardians = [one.guardian for one in said if one.guardian is not None]
    seen = await service.visible_among(guardians, "members.read") if guardians else []

    def by(one: ConsentView) -> str:
        return one.given_by if one.guardian is None else str(one.guardian) if one.guardian in seen else ""

    return [ConsentOut(c.purpose, c.channel, c.state, c.source, c.wording, by(c), c.at) for c in said]


handlers = [consent, list_consents]
