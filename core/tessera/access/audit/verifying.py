"""Recomputing the seals of the audit: does every row still say what was sealed?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from tessera.access.audit.seals import COLUMNS, FIRST, LEAF, leaf, seal_hash
from tessera.kernel.database import fetch, fetchval

ROWS_AT_ONCE = 5000
"""Audit rows that are held in memory together."""

SEALS_AT_ONCE = 100


@dataclass(frozen=True)
class Difference:
    """One place where the audit is not what was sealed: the seal, and the row where it is one row."""

    what: str
    seal: int
    row: UUID | None = None

    def __str__(self) -> str:
        return f"seal {self.seal}: {self.what}" + (f" {self.row}" if self.row else "")


@dataclass(frozen=True)
class Verified:
    """What a verification found; ``last`` is the newest seal and ``mark`` its hash in short, to be kept elsewhere."""

    rows: int
    seals: int
    unsealed: int
    last: int
    mark: str
    differences: Sequence[Difference]


async def _nobody(_done: int, _total: int) -> None:
    return None


async def verify(limit: int = 1000, told: Callable[[int, int], Awaitable[None]] = _nobody) -> Verified:
    """Recompute every seal and name what differs, at most ``limit`` differences; memory stays flat.

    ``told`` hears how many seals are done, and of how many.
    """
    found: list[Difference] = []
    rows = seals = last = 0
    previous, total = FIRST, await fetchval("SELECT count(*) FROM audit_seal")
    async for group in _groups():
        rows_of = await _rows_of(group)
        for seal in group:
            found += _gap(last, seal["number"])
            found += _chain(seal, previous if seal["number"] == last + 1 else None)
            found += _contents(seal, rows_of.get(seal["number"], {}))
            last, previous = seal["number"], bytes(seal["hash"])
            rows, seals = rows + seal["rows"], seals + 1
        await told(seals, total)
        del found[limit:]
    found += [
        Difference("is missing, and rows name it", row["seal"])
        for row in await fetch("SELECT DISTINCT seal FROM audit WHERE seal > $1 ORDER BY 1 LIMIT $2", last, limit)
    ]
    unsealed = await fetchval("SELECT count(*) FROM audit WHERE seal IS NULL")
    return Verified(rows, seals, unsealed, last, previous.hex()[:16] if seals else "", found[:limit])


async def _groups() -> AsyncIterator[list[Any]]:
    """All seals in order, a few at a time: as many as have some thousands of rows together."""
    after = 0
    while True:
        group = await fetch(
            "SELECT number, rows, leaves, hash, previous FROM (SELECT *, sum(rows) OVER (ORDER BY number) AS so_far "
            "FROM (SELECT * FROM audit_seal WHERE number > $1 ORDER BY number LIMIT $2) next) counted "
            "WHERE so_far <= $3 OR number = (SELECT min(number) FROM audit_seal WHERE number > $1) ORDER BY number",
            after,
            SEALS_AT_ONCE,
            ROWS_AT_ONCE,
        )
        if not group:
            return
        yield group
        after = group[-1]["number"]


async def _rows_of(group: Sequence[Any]) -> dict[int, dict[UUID, bytes]]:
    """What each row of some seals says today, by seal and id, in the order in which it was sealed."""
    rows = await fetch(
        f"SELECT {COLUMNS}, seal FROM audit WHERE seal BETWEEN $1 AND $2 ORDER BY seal, audit.txid, id",
        group[0]["number"],
        group[-1]["number"],
    )
    return {n: {row["id"]: leaf(row) for row in of_seal} for n, of_seal in groupby(rows, key=lambda row: row["seal"])}


def _gap(last: int, number: int) -> list[Difference]:
    return [Difference("is missing", absent) for absent in range(last + 1, number)][:100]


def _chain(seal: Any, previous: bytes | None) -> list[Difference]:
    """Whether a seal is one that was made here, and follows the one before it."""
    number, leaves, named = seal["number"], bytes(seal["leaves"]), bytes(seal["previous"])
    if seal_hash(number, named, leaves) != bytes(seal["hash"]) or seal["rows"] * LEAF != len(leaves):
        return [Difference("is broken: it was changed, or made with other keys", number)]
    if previous is not None and named != previous:
        return [Difference("does not follow the seal before it", number)]
    return []


def _contents(seal: Any, present: dict[UUID, bytes]) -> list[Difference]:
    """What became of the rows of a seal."""
    number, leaves = seal["number"], bytes(seal["leaves"])
    sealed = {
        UUID(bytes=leaves[place : place + 16]): leaves[place : place + LEAF]
        for place in range(0, len(leaves) - LEAF + 1, LEAF)
    }
    found = [Difference("lacks row", number, id_) for id_ in sealed if id_ not in present]
    found += [Difference("has a changed row", number, i) for i, now in present.items() if sealed.get(i, now) != now]
    found += [Difference("has a row that was not sealed with it", number, id_) for id_ in present if id_ not in sealed]
    return found
