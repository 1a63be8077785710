"""Messages to one member: told to that person with their texts, and emptied when they are erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from tessera.access.sealing import unseal
from tessera.kernel import clock
from tessera.kernel.database import execute, fetch
from tessera.members.service import ids_of

_MESSAGES = """
SELECT id, recipient, channel, template, purpose, rule, origin, state, reason, content, created_at, sent_at
FROM message WHERE member = ANY($1) ORDER BY id
"""

_EMPTIED = """
UPDATE message SET given = NULL, content = NULL, due_at = NULL, lease_until = NULL, updated_at = $2,
    state = CASE WHEN state = 'due' THEN 'blocked' ELSE state END,
    reason = CASE WHEN state = 'due' THEN 'erased' ELSE reason END
WHERE member = $1 AND state <> 'sending'
"""


async def tell_messages(member: UUID) -> dict[str, Any] | None:
    """Every message that was considered for a member, with the text where one went out."""
    rows = await fetch(_MESSAGES, await ids_of(member))
    return {"messages": [_told(row) for row in rows]} if rows else None


def _told(row: Any) -> dict[str, Any]:
    content = row["content"]
    return {**dict(row), "content": msgspec.json.decode(unseal(bytes(content))) if content is not None else None}


async def erase_messages(member: UUID) -> None:
    """Empty the messages to a member; they stay counted. What is due will not be sent.

    One that is being handed over at this moment cannot be called back: its text goes too, its state is
    settled by the worker that holds it.
    """
    await execute(_EMPTIED, member, clock.now())
    await execute("UPDATE message SET given = NULL, content = NULL WHERE member = $1 AND state = 'sending'", member)
