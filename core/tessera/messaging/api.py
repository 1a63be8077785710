"""Messages as JSON."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody

from tessera.members import service as members
from tessera.messaging import service

Value = Annotated[str, msgspec.Meta(max_length=500)] | int | bool


class MessageIn(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to write to, with which text; ``values`` is what the text calls ``values.…``."""

    member: UUID
    template: str
    channel: str | None = None
    values: Annotated[dict[str, Value], msgspec.Meta(max_length=50)] = {}


class DecisionOut(msgspec.Struct):
    """What was decided: a message that is allowed goes out within a moment."""

    id: UUID
    decision: Literal["allowed", "blocked"]
    reason: str | None
    channel: str


@post("/messages", permission="messages.send")
async def send_message(data: JSONBody[MessageIn]) -> DecisionOut:
    """Write to a member, if they agreed and nothing stands against it."""
    member = await members.need_visible(data.member, "messages.send")
    made = await service.consider(member, data.template, channel=data.channel, values=data.values, origin="api")
    return DecisionOut(made.id, "blocked" if made.state == "blocked" else "allowed", made.reason, made.channel)


handlers = [send_message]
