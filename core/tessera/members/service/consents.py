"""What members agreed to: the last word for each purpose and channel, and every word in the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import current_batch, emit
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members.labels import CHANNELS, PURPOSES, STATES
from tessera.members.service.scope import need_visible
from tessera_hooks import Text, _

State = Literal["granted", "refused", "never_asked"]

NEVER_ASKED: State = "never_asked"

LONGEST_WORDING = 4000
"""Characters of the words that a member agreed to."""


@dataclass(frozen=True)
class ConsentView:
    """What a member said last about one purpose and channel; without ``at``, nothing."""

    purpose: str
    channel: str
    state: State
    source: str = ""
    wording: str = ""
    given_by: str = ""
    at: datetime | None = None

    @property
    def label(self) -> Text:
        """What was asked, in words."""
        return _(
            "{purpose} by {channel}",
            purpose=PURPOSES.get(self.purpose, Text(self.purpose)),
            channel=CHANNELS.get(self.channel, Text(self.channel)),
        )

    @property
    def state_label(self) -> Text:
        """What was said, in words."""
        return STATES[self.state]


def purposes() -> list[str]:
    """What may be asked for: offers, service, and the purposes of the message templates that are declared."""
    declared = [d.value.purpose for d in host().declared_in("message_templates")]
    return list(dict.fromkeys([*PURPOSES, *declared]))


async def set_consent(
    member: UUID,
    purpose: str,
    channel: str,
    state: Literal["granted", "refused"],
    *,
    source: str,
    wording: str = "",
    given_by: str = "",
) -> None:
    """Note that a member agreed or refused; the same word again changes nothing.

    ``source`` says where it was said (``desk``, ``api``, ``import`` …), ``wording`` what was agreed to,
    ``given_by`` who said it where it was not the member, such as a guardian.
    """
    _check(purpose, channel, state)
    _check_words(source=(source, 60), wording=(wording, LONGEST_WORDING), by=(given_by, 100))
    await need_visible(member, "members.write")

    async def work() -> None:
        await execute("SELECT 1 FROM member WHERE id = $1 FOR UPDATE", member)
        known = await fetchrow(
            "SELECT state, wording, given_by FROM consent WHERE member = $1 AND purpose = $2 AND channel = $3",
            member,
            purpose,
            channel,
        )
        if known is not None and tuple(known) == (state, wording, given_by):
            return
        await execute(
            "INSERT INTO consent (id, member, purpose, channel, state, source, wording, given_by, at, batch) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (member, purpose, channel) DO UPDATE SET "
            "state = excluded.state, source = excluded.source, wording = excluded.wording, "
            "given_by = excluded.given_by, at = excluded.at, batch = excluded.batch",
            uuid7(),
            member,
            purpose,
            channel,
            state,
            source,
            wording,
            given_by,
            clock.now(),
            current_batch(),
        )
        await emit(
            "member.consent_changed", member=member, purpose=purpose, channel=channel, state=state, source=source
        )

    await in_transaction(work)


def _check(purpose: str, channel: str, state: str) -> None:
    wrong = []
    if purpose not in purposes():
        wrong.append(FieldError("purpose", _("choose one of: {known}", known=", ".join(purposes()))))
    if channel not in CHANNELS:
        wrong.append(FieldError("channel", _("choose one of: {known}", known=", ".join(CHANNELS))))
    if state not in ("granted", "refused"):
        wrong.append(FieldError("state", _("write granted or refused")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


def _check_words(**said: tuple[str, int]) -> None:
    """Refuse words that are too long to keep, or hold a character that cannot be stored; by field."""
    wrong = []
    for name, (text, longest) in said.items():
        if "\x00" in text:
            wrong.append(FieldError(name, _("this holds a character that cannot be stored")))
        elif len(text) > longest:
            wrong.append(FieldError(name, _("at most {limit} characters", limit=longest)))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


async def consent_state(member: UUID, purpose: str, channel: str) -> State:
    """What a member said last; ``never_asked`` where nothing."""
    found: State | None = await fetchval(
        "SELECT state FROM consent WHERE member = $1 AND purpose = $2 AND channel = $3", member, purpose, channel
    )
    return found or NEVER_ASKED


async def consents(member: UUID) -> list[ConsentView]:
    """Every purpose and channel with what the member said last, those never asked about too."""
    rows = await fetch(
        "SELECT purpose, channel, state, source, wording, given_by, at FROM consent WHERE member = $1", member
    )
    said: Mapping[tuple[str, str], ConsentView] = {
        (row["purpose"], row["channel"]): ConsentView(**dict(row)) for row in rows
    }
    asked: Sequence[tuple[str, str]] = [(purpose, channel) for purpose in purposes() for channel in CHANNELS]
    listed = [said.get(key) or ConsentView(*key, state=NEVER_ASKED) for key in asked]
    return listed + [view for key, view in said.items() if key not in asked]
