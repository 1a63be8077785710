"""What an entry did: which lots it drew on or opened, and what became of what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch
from tessera.points.service.reading import EntryFacts

_ENTRIES = """
SELECT id, unit, kind, amount, balance, debt_change, forgiven, at, recorded_at, expires_at, reason, rule, facts,
       purchase, source, source_id, store, actor, reverses, rule_version, moves_to
FROM entry WHERE id = ANY($1)
"""

_OPENED = """
SELECT l.entry AS of, l.entry, l.amount, l.amount AS part, l.remaining, l.opens_at, l.expires_at, e.at
FROM lot l JOIN entry e ON e.id = l.entry WHERE l.entry = ANY($1)
"""

_DRAWN = """
SELECT a.entry AS of, l.entry, l.amount, a.amount AS part, l.remaining, l.opens_at, l.expires_at, e.at
FROM allocation a JOIN lot l ON l.id = a.lot JOIN entry e ON e.id = l.entry
WHERE a.entry = ANY($1) AND l.entry <> a.entry ORDER BY l.expires_at NULLS LAST, l.opens_at, l.id
"""

_CONSUMED = """
SELECT l.entry AS of, e.id AS entry, CASE WHEN e.id = l.entry THEN 'debt' ELSE e.kind END AS kind, a.amount, e.at
FROM lot l JOIN allocation a ON a.lot = l.id JOIN entry e ON e.id = a.entry WHERE l.entry = ANY($1) ORDER BY e.id
"""

_REVERSED = "SELECT reverses AS of, amount, forgiven, at FROM entry WHERE reverses = ANY($1) ORDER BY id"


@dataclass(frozen=True)
class LotPart:
    """A lot that an entry opened or drew on.

    ``entry`` is the credit that brought it and ``at`` when; ``amount`` is what this entry brought, took (above
    zero) or gave back (below), ``remaining`` what the lot still holds.
    """

    entry: UUID
    amount: int
    remaining: int
    at: datetime
    opens_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Consumed:
    """What took from a lot: an entry by its id and kind; ``debt`` is what was owed when the lot came in."""

    entry: UUID
    kind: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class Trace:
    """An entry with its lots, what consumed them, and how much of it has been taken back."""

    entry: EntryFacts
    opened: Sequence[LotPart]
    drawn: Sequence[LotPart]
    consumed_by: Sequence[Consumed]
    reversed: int
    now: datetime

    @property
    def lots(self) -> list[LotPart]:
        """The lot that it opened, and those that it drew on."""
        return [*self.opened, *self.drawn]


async def traces(entries: Sequence[EntryFacts]) -> list[Trace]:
    """What some entries did, in their order."""
    ids = [entry.id for entry in entries]
    opened, drawn = await _parts(_OPENED, ids), await _parts(_DRAWN, ids)
    consumed: dict[UUID, list[Consumed]] = {}
    for row in await fetch(_CONSUMED, ids):
        consumed.setdefault(row["of"], []).append(Consumed(row["entry"], row["kind"], row["amount"], row["at"]))
    back: dict[UUID, int] = {}
    for row in await fetch(_REVERSED, ids):
        back[row["of"]] = back.get(row["of"], 0) + abs(row["amount"]) + row["forgiven"]
    now = clock.now()
    return [
        Trace(
            entry,
            opened.get(entry.id, []),
            drawn.get(entry.id, []),
            consumed.get(entry.id, []),
            back.get(entry.id, 0),
            now,
        )
        for entry in entries
    ]


async def trace(entry: UUID) -> Trace:
    """What one entry did."""
    rows = await fetch(_ENTRIES, [entry])
    (found,) = await traces([EntryFacts(**dict(row)) for row in rows])
    return found


async def _parts(sql: str, ids: Sequence[UUID]) -> dict[UUID, list[LotPart]]:
    found: dict[UUID, list[LotPart]] = {}
    for row in await fetch(sql, ids):
        part = LotPart(row["entry"], row["part"], row["remaining"], row["at"], row["opens_at"], row["expires_at"])
        found.setdefault(row["of"], []).append(part)
    return found
