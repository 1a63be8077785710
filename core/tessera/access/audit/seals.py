"""Seals of the audit: batches of rows under a keyed hash that also covers the seal before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec

from tessera.access import sealing
from tessera.kernel import clock, dispatcher
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction

BATCH = 1000
"""Rows of one seal at most."""

EVERY = 2.0
"""Seconds between two looks for rows to seal, so that a quiet hour makes few seals."""

LEAF = 48
"""Bytes that a seal keeps of each row: its id and the SHA-256 of what it says."""

FIRST = bytes(32)
"""What the first seal names as the one before it."""

COLUMNS = (
    "id, txid::text AS txid, at, action, actor_kind, actor, actor_label, member, subject_kind, subject, store, "
    "fields, rows, facts"
)

_WAITING = f"""
SELECT {COLUMNS} FROM audit
WHERE seal IS NULL
  AND (txid < pg_snapshot_xmin(pg_current_snapshot()) OR txid >= pg_snapshot_xmax(pg_current_snapshot()))
ORDER BY audit.txid, id LIMIT $1
"""
"""Rows older than every running transaction, so that nothing can commit later with an earlier place; and
those that a restored backup brought from another server, whose transactions this one has not reached."""


def leaf(row: Any) -> bytes:
    """What a seal keeps of a row."""
    said = [
        row["txid"],
        row["at"].astimezone(UTC).isoformat(),
        row["action"],
        row["actor_kind"],
        row["actor"],
        row["actor_label"],
        row["member"],
        row["subject_kind"],
        row["subject"],
        row["store"],
        row["fields"],
        row["rows"],
        row["facts"],
    ]
    id_: bytes = row["id"].bytes
    return id_ + hashlib.sha256(msgspec.json.encode([row["id"], *said], order="sorted")).digest()


def seal_hash(number: int, previous: bytes, leaves: bytes) -> bytes:
    """The hash of a seal, under the instance's index key: who can write the database alone cannot make one."""
    return sealing.stamp("audit-seal", number.to_bytes(8, "big") + previous + leaves)


async def seal_waiting(holder: str, limit: int = BATCH) -> int | None:
    """Seal the next rows and answer how many; ``None`` where another process holds the dispatcher's lease.

    The lease's row is locked until the commit, so of two processes that both believe themselves the
    holder the second sees the first one's seal.
    """

    async def work() -> int | None:
        if not await dispatcher.hold_lease(holder):
            return None
        rows = await fetch(_WAITING, limit)
        if rows:
            await _seal(rows)
        return len(rows)

    return await in_transaction(work)


async def _seal(rows: Sequence[Any]) -> None:
    last = await fetchrow("SELECT number, hash FROM audit_seal ORDER BY number DESC LIMIT 1")
    number, previous = (last["number"] + 1, bytes(last["hash"])) if last else (1, FIRST)
    leaves = b"".join(leaf(row) for row in rows)
    await execute(
        "INSERT INTO audit_seal (number, rows, leaves, hash, previous, at) VALUES ($1, $2, $3, $4, $5, $6)",
        number,
        len(rows),
        leaves,
        seal_hash(number, previous, leaves),
        previous,
        clock.now(),
    )
    await execute("UPDATE audit SET seal = $1 WHERE id = ANY($2)", number, [row["id"] for row in rows])


dispatcher.beside(seal_waiting, every=EVERY)
