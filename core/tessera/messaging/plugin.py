"""Where messages meet the hooks: their events, pages and the job that sends what is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.service.rotation import SealedColumn, register_sealed
from tessera.messaging import service
from tessera.messaging.service.merging import merge_messages, unmerge_messages
from tessera.messaging.service.privacy import erase_messages, tell_messages
from tessera_hooks import Event, Job, Merging, Screen, _, hookimpl

register_sealed(SealedColumn("message", "given"), SealedColumn("message", "content"))


class MessagePayload(msgspec.Struct):
    """Which message, from which template, and the rule that wanted it."""

    message: UUID
    template: str
    rule: str | None = None


@hookimpl
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    return await tell_messages(member)


@hookimpl
async def erase_member(member: UUID) -> None:
    await erase_messages(member)


@hookimpl
async def merge_members(merging: Merging) -> Mapping[str, Any]:
    return await merge_messages(merging)


@hookimpl
async def undo_merge(merging: Merging) -> None:
    await unmerge_messages(merging)


@hookimpl
def events() -> list[Event]:
    return [
        Event("message.sent", _("Message sent"), MessagePayload, icon="mail"),
        Event("message.refused", _("Message refused by the mail server"), MessagePayload, icon="mail-x"),
        Event("message.uncertain", _("Message sent or not: uncertain"), MessagePayload, icon="mail-question"),
    ]


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("messages", _("Messages"), "mail", "messages.send", (), "messages"),
        Screen("message_texts", _("Message texts"), "template", "messages.send", (), "message-texts"),
        Screen("messaging", _("Sending messages"), "mail-cog", "settings.write", (), "settings/messaging"),
    ]


async def _deliver() -> None:
    await service.deliver_due()


@hookimpl
def jobs() -> list[Job]:
    return [Job("deliver_messages", timedelta(seconds=5), _deliver)]
