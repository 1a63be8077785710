"""One row of the audit for one act, appended in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.actor import actor
from tessera.access.audit import unusual
from tessera.kernel import clock, witness
from tessera.kernel.database import execute, in_transaction
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
    """Note in the running unit of work that the actor did this; without one, in a unit of its own.

    ``action`` is the owner and a past participle (``members.revealed``, ``access.role_given``).
    ``subject`` is what it was done to where that is no member, as kind and id; ``fields`` are the names
    of what was seen or changed; ``facts`` are codes and numbers. No personal value stands in any of them.
    What ends in ``exported``, ``revealed``, ``looked_up`` or ``missed`` counts for the alarm, ``rows`` times.
    """
    someone = actor()
    kind, id_ = subject or ("", None)
    values = (
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
    if unusual.kind_of(action) is None:
        await execute(_INSERT, *values)
        return

    async def work() -> None:
        await execute(_INSERT, *values)
        await unusual.weigh(action, rows, someone)

    await in_transaction(work)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _note_change(action: str, *, fields: list[str], store: UUID | None, **facts: Any) -> None:
    await note(action, fields=fields, store=store, **facts)


witness.register(_note_change)
