"""What members agreed to: the last word for each purpose and channel, and every word that was ever said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tessera.kernel.database import fetch, fetchval
from tessera.kernel.plugins import host
from tessera.members.labels import CHANNELS, PURPOSES, SAID_AT, STATES
from tessera.members.service.scope import in_scope, members_seen, need_visible, survivor_of
from tessera_hooks import Text, _

State = Literal["granted", "refused", "never_asked"]

NEVER_ASKED: State = "never_asked"


@dataclass(frozen=True)
class ConsentView:
    """What a member said last about one purpose and channel; without ``at``, nothing."""

    purpose: str
    channel: str
    state: State
    source: str = ""
    wording: str = ""
    given_by: str = ""
    guardian: UUID | None = None
    at: datetime | None = None

    @property
    def label(self) -> Text:
        """What was asked, in words."""
        return asked_in_words(self.purpose, self.channel)

    @property
    def state_label(self) -> Text:
        """What was said, in words."""
        return STATES[self.state]


def asked_in_words(purpose: str, channel: str) -> Text:
    """A purpose and a channel, in words."""
    return _(
        "{purpose} by {channel}",
        purpose=PURPOSES.get(purpose, Text(purpose)),
        channel=CHANNELS.get(channel, Text(channel)),
    )


def purposes() -> list[str]:
    """What may be asked for: offers, service, and the purposes of the message templates that are declared."""
    declared = [d.value.purpose for d in host().declared_in("message_templates")]
    return list(dict.fromkeys([*PURPOSES, *declared]))


@dataclass(frozen=True)
class ConsentWord:
    """One word of the history, with who wrote it down; ``guardian`` who said it for a child, where they are seen."""

    purpose: str
    channel: str
    state: State
    at: datetime
    source: str
    wording: str
    given_by: str
    guardian: str
    actor: str

    @property
    def label(self) -> Text:
        """What was asked, in words."""
        return asked_in_words(self.purpose, self.channel)

    @property
    def state_label(self) -> Text:
        """What was said, in words."""
        return STATES[self.state]

    @property
    def source_label(self) -> Text:
        """Where it was said, in words."""
        return SAID_AT.get(self.source, Text(self.source))


async def consent_words(member: UUID, limit: int = 100) -> list[ConsentWord]:
    """Every word that a member said about consents, the newest first."""
    here = await need_visible(member)
    rows = await fetch(
        "SELECT w.purpose, w.channel, w.state, w.at, w.source, w.wording, w.given_by, w.actor, "
        "coalesce(nullif(g.name, ''), g.number, '') AS guardian FROM consent_word w "
        f"LEFT JOIN member g ON g.id = w.guardian AND {in_scope('g.id', 3)} "
        "WHERE w.member = $1 ORDER BY w.at DESC, w.id DESC LIMIT $2",
        here,
        limit,
        members_seen(),
    )
    return [ConsentWord(**dict(row)) for row in rows]


async def consent_state(member: UUID, purpose: str, channel: str) -> State:
    """What a member said last; ``never_asked`` where nothing."""
    found: State | None = await fetchval(
        "SELECT state FROM consent WHERE member = $1 AND purpose = $2 AND channel = $3", member, purpose, channel
    )
    return found or NEVER_ASKED


async def consents(member: UUID) -> list[ConsentView]:
    """Every purpose and channel with what the member said last, those never asked about too."""
    rows = await fetch(
        "SELECT purpose, channel, state, source, wording, given_by, guardian, at FROM consent WHERE member = $1",
        await survivor_of(member),
    )
    said: Mapping[tuple[str, str], ConsentView] = {
        (row["purpose"], row["channel"]): ConsentView(**dict(row)) for row in rows
    }
    asked: Sequence[tuple[str, str]] = [(purpose, channel) for purpose in purposes() for channel in CHANNELS]
    listed = [said.get(key) or ConsentView(*key, state=NEVER_ASKED) for key in asked]
    return listed + [view for key, view in said.items() if key not in asked]
