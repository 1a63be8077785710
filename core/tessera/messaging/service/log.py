"""What became of every recipient considered: counts, and the list, the latest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.sealing import unseal
from tessera.kernel.database import fetch, fetchrow
from tessera.kernel.errors import NotFound
from tessera.members import service as members
from tessera.messaging.service.decide import REASONS
from tessera.messaging.service.mail import Content
from tessera_hooks import Text, _

STATES: Mapping[str, Text] = {
    "sent": _("Sent"),
    "due": _("Waiting"),
    "sending": _("Being sent"),
    "blocked": _("Not sent"),
    "refused": _("Turned away"),
    "uncertain": _("Uncertain"),
}

TONES: Mapping[str, str] = {
    "sent": "green",
    "due": "azure",
    "sending": "azure",
    "blocked": "gray",
    "refused": "red",
    "uncertain": "orange",
}


@dataclass(frozen=True)
class MessageLine:
    """One recipient considered, as the log shows them."""

    id: UUID
    member: UUID
    member_name: str
    channel: str
    template: str
    plugin: str
    rule: str | None
    state: str
    reason: str | None
    answer: int | None
    attempts: int
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None

    @property
    def why(self) -> Text | str | None:
        """The reason in words."""
        if self.state == "uncertain":
            return _("Handed to the mail server, which never answered: it may have arrived, and is not sent again")
        return REASONS.get(self.reason or "", self.reason)


@dataclass(frozen=True)
class LogPage:
    """Some lines, and the id after which the next ones come."""

    items: Sequence[MessageLine]
    next: UUID | None


_LINES = """
SELECT x.id, x.member, coalesce(nullif(m.name, ''), m.number) AS member_name, x.channel, x.template, x.plugin, x.rule,
       x.state, x.reason, x.answer, x.attempts, x.created_at, x.due_at, x.sent_at
FROM message x JOIN member m ON m.id = x.member
"""


async def messages(
    *,
    state: str | None = None,
    member: UUID | None = None,
    rule: str | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> LogPage:
    """Messages to members of one's stores, the latest decision first."""
    rows = await fetch(
        f"{_LINES} WHERE ($1::varchar IS NULL OR x.state = $1) AND ($2::uuid IS NULL OR x.member = $2) "
        f"AND ($3::varchar IS NULL OR x.rule = $3) AND ($4::uuid IS NULL OR x.id < $4) "
        f"AND {members.in_scope('x.member', 6)} ORDER BY x.id DESC LIMIT $5",
        state,
        await members.survivor_of(member) if member is not None else None,
        rule,
        cursor,
        limit + 1,
        members.members_seen("messages.send"),
    )
    items = [MessageLine(**dict(row)) for row in rows[:limit]]
    return LogPage(items, items[-1].id if len(rows) > limit else None)


async def counts(rule: str | None = None) -> Mapping[str, int]:
    """How many recipients are in each state; together they are all that were considered."""
    rows = await fetch(
        f"SELECT x.state, count(*) AS n FROM message x WHERE ($1::varchar IS NULL OR x.rule = $1) "
        f"AND {members.in_scope('x.member', 2)} GROUP BY x.state",
        rule,
        members.members_seen("messages.send"),
    )
    found = {row["state"]: row["n"] for row in rows}
    return {state: found.get(state, 0) for state in STATES}


async def message(id: UUID) -> tuple[MessageLine, Content | None]:
    """One message, and the text that went out where it did."""
    scope = members.members_seen("messages.send")
    row = await fetchrow(f"{_LINES} WHERE x.id = $1 AND {members.in_scope('x.member', 2)}", id, scope)
    if row is None:
        raise NotFound(_("There is no such message."))
    sealed = await fetchrow("SELECT content FROM message WHERE id = $1", id)
    content: Any = msgspec.json.decode(unseal(sealed["content"])) if sealed["content"] else None
    return MessageLine(**dict(row)), Content(**content) if content else None
