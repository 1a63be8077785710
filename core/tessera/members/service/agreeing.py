"""Saying yes or no: the last word for each purpose and channel, kept with every word before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import current_batch, emit
from tessera.kernel.ids import uuid7
from tessera.members.labels import CHANNELS
from tessera.members.service.children import need_guardian
from tessera.members.service.consents import NEVER_ASKED, State, purposes
from tessera.members.service.scope import need_visible
from tessera.members.service.survivors import locked
from tessera_hooks import _

NEXT = timedelta(microseconds=1)
"""What is said now comes after what was said before, whatever the clock shows."""

LONGEST_WORDING = 4000
"""Characters of the words that a member agreed to."""


async def set_consent(
    member: UUID,
    purpose: str,
    channel: str,
    state: Literal["granted", "refused"],
    *,
    source: str,
    wording: str = "",
    given_by: str = "",
    guardian: UUID | None = None,
) -> None:
    """Note that a member agreed or refused; the same word again changes nothing.

    ``source`` says where it was said (``desk``, ``api``, ``import`` …), ``wording`` what was agreed to,
    ``given_by`` who said it where it was not the member. For a child under 14 only a linked ``guardian``
    can agree; refusing needs nobody. What a guardian said stays when the child turns 14, until the
    member says otherwise.
    """
    check_what(purpose, channel, state)
    check_words(source=(source, 60), wording=(wording, LONGEST_WORDING), by=(given_by, 100))
    await need_visible(member, "members.write")

    async def work() -> None:
        here = await locked(member)
        by = await need_guardian(here, guardian, granted=state == "granted")
        known = await fetchrow(
            "SELECT at, state, wording, given_by, guardian FROM consent "
            "WHERE member = $1 AND purpose = $2 AND channel = $3",
            here,
            purpose,
            channel,
        )
        at = clock.now()
        if known is not None:
            if tuple(known)[1:] == (state, wording, given_by, by):
                return
            at = max(at, known["at"] + NEXT)
        await say(Word(here, purpose, channel, state, at, source, wording, given_by, by))

    await in_transaction(work)


@dataclass(frozen=True)
class Word:
    """Something that was said about one purpose and channel, at a moment."""

    member: UUID
    purpose: str
    channel: str
    state: Literal["granted", "refused"]
    at: datetime
    source: str
    wording: str = ""
    given_by: str = ""
    guardian: UUID | None = None


_WORD = """
INSERT INTO consent_word (id, member, purpose, channel, state, at, source, wording, given_by, guardian, actor, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_LATEST = """
INSERT INTO consent (id, member, purpose, channel, state, at, source, wording, given_by, guardian, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (member, purpose, channel) DO UPDATE SET
    state = excluded.state, at = excluded.at, source = excluded.source, wording = excluded.wording,
    given_by = excluded.given_by, guardian = excluded.guardian, batch = excluded.batch
WHERE consent.at < excluded.at
    OR (consent.at = excluded.at AND (consent.state = excluded.state OR excluded.state = 'refused'))
RETURNING id
"""


async def say(word: Word) -> bool:
    """Keep a word and, unless a newer one is there, let it hold; answers whether it holds.

    To be called with the member locked. Of two words of one moment the more restrictive holds, see
    ``most_restrictive``.
    """
    said = (word.member, word.purpose, word.channel, word.state, word.at, word.source, word.wording)
    by = (word.given_by, word.guardian)
    await execute(_WORD, uuid7(), *said, *by, str(actor().label)[:200], current_batch())
    holds = await fetchval(_LATEST, uuid7(), *said, *by, current_batch()) is not None
    if holds:
        await emit(
            "member.consent_changed",
            member=word.member,
            occurred_at=word.at,
            purpose=word.purpose,
            channel=word.channel,
            state=word.state,
            source=word.source,
        )
    await audit.note(
        "members.consent_changed",
        member=word.member,
        purpose=word.purpose,
        channel=word.channel,
        state=word.state,
        guardian=word.guardian is not None,
    )
    return holds


_UNSAID = """
DELETE FROM consent WHERE member = $1 AND purpose = $2 AND channel = $3 AND batch = $4
RETURNING state
"""

_LAST = """
INSERT INTO consent (id, member, purpose, channel, state, at, source, wording, given_by, guardian, batch)
SELECT $4, w.member, w.purpose, w.channel, w.state, w.at, w.source, w.wording, w.given_by, w.guardian, w.batch
FROM consent_word w WHERE w.member = $1 AND w.purpose = $2 AND w.channel = $3
ORDER BY w.at DESC, w.state DESC, w.id DESC LIMIT 1
RETURNING state
"""


async def unsay(member: UUID, purpose: str, channel: str, batch: UUID) -> bool:
    """Take back what an import said; the word before holds again. Answers whether another state holds.

    To be called with the member locked and after the words of the batch were deleted.
    """
    held: State | None = await fetchval(_UNSAID, member, purpose, channel, batch)
    if held is None:
        return False
    state: State = await fetchval(_LAST, member, purpose, channel, uuid7()) or NEVER_ASKED
    if state != held:
        await emit(
            "member.consent_changed", member=member, purpose=purpose, channel=channel, state=state, source="undo"
        )
    return state != held


def most_restrictive(one: State, other: State) -> State:
    """What holds where two words stand for one person: a refusal before all, a grant before no word at all.

    No word is no refusal: who was never asked under one of two entries and agreed under the other has
    agreed, for they are one person. Hence neither the order nor the number of words matters.
    """
    return min(one, other, key=_STRICTNESS.index)


_STRICTNESS: Sequence[State] = ("refused", "granted", "never_asked")


def check_what(purpose: str, channel: str, state: str) -> None:
    """Refuse a purpose, a channel or a state that does not exist; by field."""
    wrong = []
    if purpose not in purposes():
        wrong.append(FieldError("purpose", _("choose one of: {known}", known=", ".join(purposes()))))
    if channel not in CHANNELS:
        wrong.append(FieldError("channel", _("choose one of: {known}", known=", ".join(CHANNELS))))
    if state not in ("granted", "refused"):
        wrong.append(FieldError("state", _("write granted or refused")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


def check_words(**said: tuple[str, int]) -> None:
    """Refuse words that are too long to keep, or hold a character that cannot be stored; by field."""
    wrong = []
    for name, (text, longest) in said.items():
        if "\x00" in text:
            wrong.append(FieldError(name, _("this holds a character that cannot be stored")))
        elif len(text) > longest:
            wrong.append(FieldError(name, _("at most {limit} characters", limit=longest)))
    if wrong:
        raise Invalid(wrong[0].message, wrong)
