"""The link under a message by which someone says no to the next ones, without signing in."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from tessera.access.actor import system_actor
from tessera.access.sealing import is_signed, sign
from tessera.kernel.database import fetchrow
from tessera.kernel.errors import NotFound
from tessera.members import service as members
from tessera_hooks import _

PURPOSE = "unsubscribe"

_public_url = ""


def use_public_url(url: str) -> None:
    """Where this instance is reached from outside, for links in messages."""
    global _public_url
    _public_url = url.rstrip("/")


def public_url() -> str:
    """Where this instance is reached from outside; empty where that is not known."""
    return _public_url


class LinkUnknown(NotFound):
    """The link is not one of ours, or was cut off."""

    code = "link_unknown"


@dataclass(frozen=True)
class Subscription:
    """What a link stands for."""

    member: UUID
    purpose: str
    channel: str
    language: str | None
    state: str


def token_of(message: UUID) -> str:
    """An opaque token: the message's id and our signature over it."""
    name = base64.urlsafe_b64encode(message.bytes).rstrip(b"=").decode()
    return f"{name}.{sign(PURPOSE, name)}"


def link_of(message: UUID) -> str:
    """The whole address of the link."""
    return f"{_public_url}/m/u/{token_of(message)}"


async def subscription(token: str) -> Subscription:
    """What a token stands for; changes nothing."""
    name, _dot, signature = token.partition(".")
    if not is_signed(PURPOSE, name, signature):
        raise _unknown()
    try:
        message = UUID(bytes=base64.urlsafe_b64decode(name + "=="))
    except (binascii.Error, ValueError):
        raise _unknown() from None
    row = await fetchrow(
        "SELECT x.member, x.purpose, x.channel, m.language FROM message x JOIN member m ON m.id = x.member "
        "WHERE x.id = $1",
        message,
    )
    if row is None:
        raise _unknown()
    member = await members.survivor_of(row["member"])
    state = await members.consent_state(member, row["purpose"], row["channel"])
    return Subscription(**{**dict(row), "member": member}, state=state)


async def unsubscribe(token: str) -> Subscription:
    """Note that the member refuses messages of this purpose on this channel; again changes nothing."""
    found = await subscription(token)
    with system_actor():
        await members.set_consent(
            found.member, found.purpose, found.channel, "refused", source="unsubscribe", given_by=""
        )
    return found


def _unknown() -> LinkUnknown:
    return LinkUnknown(_("This link is not complete: open it again from the message."))
