"""The decision on one recipient: may they be written to, and if not, why; one row each, sent or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec

from tessera.access.sealing import seal
from tessera.kernel import clock
from tessera.kernel.database import fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members import service as members
from tessera.messaging.service import modes, texts
from tessera.messaging.service.addresses import is_address
from tessera_hooks import Text, _

CHANNELS = ("email",)

REASONS: Mapping[str, Text] = {
    "no_consent": _("They were never asked whether they agree"),
    "refused": _("They do not want such messages"),
    "no_address": _("No e-mail address is known"),
    "bad_address": _("The e-mail address cannot be used"),
    "off": _("Messages are switched off"),
    "not_on_test_list": _("Messages are in test mode and the address is not on the list"),
    "plugin_off": _("The plugin of this message is switched off"),
    "same_person": _("Two members turned out to be one, who is written to once"),
    "erased": _("The member was erased"),
    "template_gone": _("The text of this message has gone"),
    "template_failed": _("The text could not be filled in"),
    "server_refused": _("The mail server refused it"),
    "unreachable": _("The mail server could not be reached, again and again"),
}
"""Why a message was blocked, or what refused it, in words."""


@dataclass(frozen=True)
class Verdict:
    """Whether someone may be written to now, and where; ``reason`` is one of ``REASONS``."""

    reason: str | None
    address: str = field(default="", repr=False)

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return self.reason is None


@dataclass(frozen=True)
class Decision:
    """What was decided on one recipient; ``is_new`` is false where it had been decided before."""

    id: UUID
    state: Literal["blocked", "due", "sending", "sent", "refused", "uncertain"]
    reason: str | None
    channel: str
    is_new: bool = True


async def judge(
    member: UUID, purpose: str, plugin: str, *, channel: str = "email", store: UUID | None = None
) -> Verdict:
    """Whether a member may be written to now, for a purpose, without noting anything.

    There is no way around consent. It is asked first, then the address, then what is switched on; so
    the answer tells what would stand in the way even once messages are on. A member who was merged into
    another since is that other.
    """
    member = await members.survivor_of(member)
    consent = await members.consent_state(member, purpose, channel)
    if consent != "granted":
        return Verdict("refused" if consent == "refused" else "no_consent")
    address = await members.address_for(member, channel)
    if address is None:
        return Verdict("no_address")
    if not is_address(address):
        return Verdict("bad_address")
    if not host().enabled(plugin, store):
        return Verdict("plugin_off")
    mode = modes.mode(store)
    if mode == "off":
        return Verdict("off")
    if mode == "test" and not modes.on_test_list(address):
        return Verdict("not_on_test_list")
    return Verdict(None, address)


_INSERT = """
INSERT INTO message (id, member, store, recipient, channel, template, purpose, plugin, rule, cause, origin, state,
                     reason, given, due_at, attempts, created_at, updated_at)
VALUES ($1, $2, $3, 'member', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $15)
ON CONFLICT (rule, member, cause, template, recipient, channel) WHERE rule IS NOT NULL DO NOTHING
RETURNING id
"""


async def consider(
    member: UUID,
    template: str,
    *,
    rule: str | None = None,
    cause: str | None = None,
    store: UUID | None = None,
    channel: str | None = None,
    values: Mapping[str, Any] | None = None,
    origin: Literal["rule", "api", "staff"] = "rule",
) -> Decision:
    """Decide on one recipient and note it: due at once, or blocked with the reason.

    ``template`` is a full name. For a ``rule`` and its ``cause`` a member is considered once: a second
    time answers the first decision. ``store`` is the member's own unless given. Part of the caller's
    transaction; nothing is sent here.
    """
    if (rule is None) != (cause is None):
        raise ValueError("a rule and its cause come together")
    channel = _checked_channel(channel)
    text = await texts.template(template)

    async def work() -> Decision:
        whom = await members.hold(member)
        home = store or await fetchval("SELECT store FROM member WHERE id = $1", whom)
        verdict = await judge(whom, text.purpose, text.plugin, channel=channel, store=home)
        state: Literal["due", "blocked"] = "due" if verdict.allowed else "blocked"
        moment = clock.now()
        given = seal(msgspec.json.encode(values)) if values and verdict.allowed else None
        due_at = moment if verdict.allowed else None
        row = (uuid7(), whom, home, channel, template, text.purpose, text.plugin, rule, cause, origin, state)
        added = await fetchval(_INSERT, *row, verdict.reason, given, due_at, moment)
        if added is None:
            return await _decided(whom, template, rule, cause, channel)
        return Decision(added, state, verdict.reason, channel)

    return await in_transaction(work)


async def _decided(member: UUID, template: str, rule: str | None, cause: str | None, channel: str) -> Decision:
    row = await fetchrow(
        "SELECT id, state, reason, channel FROM message WHERE rule = $1 AND member = $2 AND cause = $3 "
        "AND template = $4 AND channel = $5",
        rule,
        member,
        cause,
        template,
        channel,
    )
    return Decision(row["id"], row["state"], row["reason"], row["channel"], is_new=False)


def _checked_channel(channel: str | None) -> str:
    if channel is not None and channel not in CHANNELS:
        message = _("choose one of: {known}", known=", ".join(CHANNELS))
        raise Invalid(message, [FieldError("channel", message)])
    return channel or CHANNELS[0]
