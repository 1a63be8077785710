"""The audit: who did or saw what, one row appended in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.database import execute
from tessera.kernel.ids import uuid7

_INSERT = """
INSERT INTO audit (id, at, action, actor_kind, actor, actor_label, member, subject_kind, subject, store, fields,
    rows, facts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13::jsonb)
"""


async def note(
    action: str,
    *,
    member: UUID | None = None,
    subject: tuple[str, UUID] | None = None,
    store: UUID | None = None,
    fields: Sequence[str] = (),
    rows: int | None = None,
    **facts: str | int | bool | None,
) -> None:
    """Note in the running unit of work that the actor did this.

    ``action`` is the owner and a past participle (``members.revealed``, ``access.role_given``).
    ``subject`` is what it was done to where that is no member, as kind and id; ``fields`` are the names
    of what was seen or changed; ``facts`` are codes and numbers. No personal value stands in any of them.
    """
    someone = actor()
    kind, id_ = subject or ("", None)
    await execute(
        _INSERT,
        uuid7(),
        clock.now(),
        action,
        someone.kind,
        someone.staff_id or someone.key_id,
        str(someone.label)[:200],
        member,
        kind,
        id_,
        store if store is not None else someone.store,
        _json(list(fields)),
        rows,
        _json(facts),
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
