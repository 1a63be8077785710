"""Booking what the clock has taken: an expired lot loses its own remainder, nothing else.

Thousands of accounts are booked by a few statements. Nobody waits for them: accounts that someone books at
just then are left for the next run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel import clock, events
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.long_jobs import STRETCH
from tessera.points.ledger import LOT_ORDER

AT_ONCE = 2000
"""Accounts that are locked by one unit of work; a till waits at most for so many."""

_DUE = """
SELECT account, unit FROM (
    SELECT account, unit FROM lot WHERE remaining > 0 AND expires_at <= $1 AND NOT account = ANY($3)
    ORDER BY expires_at LIMIT $2 * 4) soonest
GROUP BY 1, 2 ORDER BY unit, account LIMIT $2
"""

_LOCK = """
SELECT account FROM balance WHERE unit = $1 AND account = ANY($2) ORDER BY account FOR UPDATE SKIP LOCKED
"""

_COUNT = "SELECT count(*) FROM lot WHERE unit = $1 AND account = ANY($2) AND remaining > 0 AND expires_at <= $3"

_BOOK = f"""
WITH due AS (
    SELECT l.id, l.account, l.purchase, l.remaining, l.expires_at, row_number() OVER all_of_them AS place,
           row_number() OVER mine AS nth, sum(l.remaining) OVER mine AS gone, b.balance, b.seq
    FROM lot l JOIN balance b ON b.account = l.account AND b.unit = l.unit
    WHERE l.unit = $1 AND l.account = ANY($2) AND l.remaining > 0 AND l.expires_at <= $3
    WINDOW all_of_them AS (ORDER BY l.account, {LOT_ORDER.replace("id", "l.id")}),
           mine AS (PARTITION BY l.account ORDER BY {LOT_ORDER.replace("id", "l.id")})
), named AS (
    SELECT due.*, ($4::uuid[])[place] AS entry, ($5::uuid[])[place] AS allocation FROM due
), new_entry AS (
    INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at, reason,
                       facts, purchase, source, source_id, actor, actor_id, origin, batch)
    SELECT entry, account, $1, seq + nth, 'expire', -remaining, balance - gone, 0, 0, expires_at, $3, 'expired',
           '{{}}', purchase, 'expiry', id, $6, $7, $8, $9 FROM named
), new_allocation AS (
    INSERT INTO allocation (id, entry, lot, amount) SELECT allocation, entry, id, remaining FROM named
), closed AS (
    UPDATE lot SET remaining = 0 FROM named WHERE lot.id = named.id
), standing AS (
    UPDATE balance SET balance = balance.balance - one.gone, seq = balance.seq + one.lots
    FROM (SELECT account, sum(remaining) AS gone, count(*) AS lots FROM named GROUP BY 1) one
    WHERE balance.account = one.account AND balance.unit = $1
)
SELECT count(*) FROM named
"""


async def book_expired(limit: int = AT_ONCE) -> int:
    """Book the remainders of lots that have expired, of at most ``limit`` accounts; answers how many entries.

    Nothing hangs on when this runs: what can be spent is decided by the clock (L1, L3).
    """
    return (await _book_some(clock.now(), limit, ()))[0]


async def book_all_expired(within: float = math.inf) -> None:
    """Book everything that has expired by now, but for what others hold, and begin no more pages after some seconds."""
    now, held, end = clock.now(), list[UUID](), time.monotonic() + within
    while True:
        booked, left = await _book_some(now, AT_ONCE, held)
        held += left
        if (not booked and not left) or time.monotonic() >= end:
            return


async def book_for_a_while() -> None:
    """A round of the worker: what it leaves is booked by the next one."""
    await book_all_expired(STRETCH)


async def book_expired_of(accounts: Sequence[UUID], unit: str) -> int:
    """Book what has expired on some accounts; answers how many entries."""
    return (await _book(unit, accounts, clock.now()))[0]


async def _book_some(now: datetime, limit: int, held: Collection[UUID]) -> tuple[int, list[UUID]]:
    """Book for some accounts; answers how many entries, and the accounts that others held."""
    by_unit: dict[str, list[UUID]] = {}
    for row in await fetch(_DUE, now, limit, list(held)):
        by_unit.setdefault(row["unit"], []).append(row["account"])
    booked, left = 0, list[UUID]()
    for unit, accounts in by_unit.items():
        some, locked = await _book(unit, accounts, now)
        booked += some
        left += set(accounts) - locked
    return booked, left


async def _book(unit: str, accounts: Sequence[UUID], now: datetime) -> tuple[int, set[UUID]]:
    someone = actor()

    async def work() -> tuple[int, set[UUID]]:
        locked = [row["account"] for row in await fetch(_LOCK, unit, list(accounts))]
        count: int = await fetchval(_COUNT, unit, locked, now) if locked else 0
        if count:
            await fetchval(
                _BOOK,
                unit,
                locked,
                now,
                [uuid7() for _ in range(count)],
                [uuid7() for _ in range(count)],
                str(someone.label),
                someone.staff_id or someone.key_id,
                events.current_origin(),
                events.current_batch(),
            )
        return count, set(locked)

    return await in_transaction(work)
