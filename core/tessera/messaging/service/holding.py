"""Messages in the hands of a worker: each changes only while that worker still holds it.

A worker may be suspended for longer than its lease. What it held has then been taken over, is being sent
by another one, or was given up; whatever it still notes afterwards must change nothing. So every change of
state is one conditional UPDATE on the state and the end of the lease that this worker itself had written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

import msgspec

from tessera.access.sealing import seal
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.due import claim
from tessera.kernel.events import emit
from tessera.messaging.service.mail import Content
from tessera.messaging.service.smtp import TIMEOUT

LEASE = timedelta(minutes=5)
SENDING_LEASE = timedelta(seconds=TIMEOUT * 6)
"""Longer than DATA, the text and the answer can take: who holds a message longer is gone."""

ATTEMPTS = 6
FIRST_RETRY = timedelta(minutes=1)
"""Grows fivefold: 1 and 5 minutes, 25 minutes, 2 hours, 10 hours."""

LOST = "lost"
"""What became of a message that someone else has taken over: nothing, here."""


@dataclass
class Held:
    """A message that a worker has claimed; ``until`` and ``state`` are what it wrote into the row itself."""

    row: Mapping[str, Any]
    until: datetime
    attempts: int
    state: Literal["due", "sending"] = "due"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """A row as it was claimed."""
        return cls(row, row["lease_until"], row["attempts"])


async def take(limit: int) -> list[Held]:
    """Claim messages that are due."""
    return [Held.of(row) for row in await claim("message", limit=limit, lease=LEASE, where="state = 'due'")]


async def give_back(held: Sequence[Held]) -> None:
    """Let go of messages that were not tried."""
    await execute(
        "UPDATE message SET lease_until = NULL FROM unnest($1::uuid[], $2::timestamptz[]) AS mine(id, until) "
        "WHERE message.id = mine.id AND message.state = 'due' AND message.lease_until = mine.until",
        [one.row["id"] for one in held],
        [one.until for one in held],
    )


async def begin_sending(held: Held, content: Content) -> bool:
    """Commit that the text is about to be handed over; false where the message is no longer ours."""
    moment = clock.now()
    sealed = seal(msgspec.json.encode({"subject": content.subject, "body": content.body, "language": content.language}))
    begun = await execute(
        "UPDATE message SET state = 'sending', content = $3, lease_until = $4, attempts = attempts + 1, "
        "updated_at = $5 WHERE id = $1 AND state = 'due' AND lease_until = $2",
        held.row["id"],
        held.until,
        sealed,
        moment + SENDING_LEASE,
        moment,
    )
    if begun:
        held.state, held.until, held.attempts = "sending", moment + SENDING_LEASE, held.attempts + 1
    return bool(begun)


async def settle(held: Held, state: str, *, reason: str | None = None, answer: int | None = None) -> str:
    """Note the end of a message, with its event; answers the state that it came to."""

    async def work() -> str:
        moment = clock.now()
        settled = await execute(
            "UPDATE message SET state = $4::text, reason = $5, answer = $6, due_at = NULL, lease_until = NULL, "
            "given = NULL, sent_at = CASE WHEN $4::text = 'sent' THEN $7::timestamptz END, updated_at = $7 "
            "WHERE id = $1 AND state = $2 AND lease_until = $3",
            held.row["id"],
            held.state,
            held.until,
            state,
            reason,
            answer,
            moment,
        )
        if not settled:
            return LOST
        if state != "blocked":
            await _tell(f"message.{state}", held.row)
        return state

    return await in_transaction(work)


async def put_back(held: Held, code: int | None) -> str:
    """Make a message due again later; after the last attempt it is refused.

    One that was being handed over goes back only with the server's own no: without it, what became of the
    text is not known.
    """
    if held.state == "sending" and code is None:
        return await settle(held, "uncertain")
    counted = held.attempts if held.state == "sending" else held.attempts + 1
    if counted >= ATTEMPTS:
        return await settle(held, "refused", reason="server_refused" if code else "unreachable", answer=code)
    moment = clock.now()
    freed = await execute(
        "UPDATE message SET state = 'due', attempts = $4, answer = $5, due_at = $6, lease_until = NULL, "
        "content = NULL, updated_at = $7 WHERE id = $1 AND state = $2 AND lease_until = $3",
        held.row["id"],
        held.state,
        held.until,
        counted,
        code,
        moment + FIRST_RETRY * 5 ** (counted - 1),
        moment,
    )
    return "later" if freed else LOST


async def give_up_sending() -> int:
    """Call uncertain what was being sent by someone who is gone; answers how many."""

    async def work() -> int:
        rows = await fetch(
            "UPDATE message SET state = 'uncertain', lease_until = NULL, due_at = NULL, updated_at = $1 "
            "WHERE id IN (SELECT id FROM message WHERE state = 'sending' AND lease_until < $1 FOR UPDATE SKIP LOCKED) "
            "RETURNING id, member, store, template, rule",
            clock.now(),
        )
        for row in rows:
            await _tell("message.uncertain", row)
        return len(rows)

    return await in_transaction(work)


async def _tell(kind: str, row: Mapping[str, Any]) -> None:
    await emit(
        kind, member=row["member"], store=row["store"], message=row["id"], template=row["template"], rule=row["rule"]
    )
