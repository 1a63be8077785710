"""Booking what the clock has taken: an expired lot loses its own remainder, nothing else."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import fetch, in_transaction
from tessera.points.ledger import Cause, Posting

_DUE = "SELECT DISTINCT account, unit FROM lot WHERE remaining > 0 AND expires_at <= $1 ORDER BY account, unit LIMIT $2"


async def book_expired(limit: int = 1000) -> int:
    """Book the remainders of lots that have expired, account by account; answers how many entries.

    Nothing hangs on when this runs: what can be spent is decided by the clock (L1, L3).
    """
    booked = 0
    for row in await fetch(_DUE, clock.now(), limit):
        booked += await _expire(row["account"], row["unit"])
    return booked


async def _expire(account: UUID, unit: str) -> int:
    async def work() -> int:
        posting = await Posting.open([account], unit)
        gone = [
            lot for lot in await posting.lots(account) if lot.expires_at is not None and lot.expires_at <= posting.now
        ]
        for lot in gone:
            at = lot.expires_at or posting.now
            cause = Cause(reason="expired", source="expiry", source_id=lot.id, purchase=lot.purchase, at=at)
            posting.debit(account, "expire", [(lot, lot.remaining)], cause)
        await posting.write()
        return len(gone)

    return await in_transaction(work)


async def book_all_expired() -> None:
    """Book everything that has expired by now."""
    while await book_expired():
        continue
