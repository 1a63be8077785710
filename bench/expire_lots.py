"""Booking lots that have expired against the same by one hand-written statement.

``TESSERA_BENCH_LOTS`` says how many lots all turns have, ``TESSERA_BENCH_TURNS`` how many turns there are.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.frame import Budget, Result, result
from tessera.access.actor import system_actor
from tessera.kernel.business import set_business
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.instance import create_instance
from tessera.points import service
from tessera.start import agree, load, open_loaded

LOTS = int(os.environ.get("TESSERA_BENCH_LOTS", "60000"))
TURNS = int(os.environ.get("TESSERA_BENCH_TURNS", "3"))
EACH = 2
"""Lots on an account."""


def run() -> list[Result]:
    """One instance with the embedded server, as it is delivered."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        return [asyncio.run(measure(Path(place) / "instance"))]


async def measure(folder: Path) -> Result:
    """So many lots in each of a few turns, for the one side and the other."""
    ours, baseline = list[float](), list[float]()
    opened = await open_loaded(load(create_instance(folder)), may_migrate=agree)
    try:
        with system_actor():
            await set_business("Bench", "CNY", "Asia/Shanghai", "en")
            for _ in range(TURNS):
                ours.append(await timed(service.book_all_expired))
                baseline.append(await timed(by_hand))
            assert await service.verify() == []
    finally:
        await opened.close()
    lots = LOTS // TURNS
    print(f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most in this process")
    return result(
        f"expiry of {lots} lots on {lots // EACH} accounts",
        ("booked by the job, 2000 accounts at once", ours),
        ("one hand-written statement", baseline),
        Budget(at_most=2.0),
    )


async def timed(book: Callable[[], Awaitable[None]]) -> float:
    """Seconds to book lots that have just been made; all of them are booked after."""
    await fill(LOTS // TURNS // EACH)
    began = time.perf_counter()
    await book()
    took = time.perf_counter() - began
    assert await fetchval("SELECT count(*) FROM lot WHERE remaining > 0") == 0
    return took


async def fill(accounts: int) -> None:
    """Members with an account and a few expired lots each."""
    for statement in FILL:
        await execute(statement.format(accounts=accounts, each=EACH))


FILL = (
    """CREATE TABLE IF NOT EXISTS fresh (member uuid, account uuid)""",
    """TRUNCATE fresh""",
    """INSERT INTO fresh SELECT gen_random_uuid(), gen_random_uuid() FROM generate_series(1, {accounts})""",
    """
    INSERT INTO member (id, number, name, name_key, stage, created_at, updated_at, version)
    SELECT member, substr(replace(member::text, '-', ''), 1, 12), 'Ana', 'ana', 'new', now(), now(), 1 FROM fresh
    """,
    """INSERT INTO account (id, member, created_at) SELECT account, member, now() FROM fresh""",
    """
    INSERT INTO balance (id, account, unit, balance, debt, seq)
    SELECT gen_random_uuid(), account, 'points', 10 * {each}, 0, {each} FROM fresh
    """,
    """
    INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at,
                       expires_at, reason, facts, source, actor, origin)
    SELECT gen_random_uuid(), account, 'points', n, 'credit', 10, 10 * n, 0, 0, now() - interval '1 year', now(),
           now() - n * interval '1 day', 'gift', '{{}}', 'manual', 'Bench', 'live'
    FROM fresh, generate_series(1, {each}) n
    """,
    """
    INSERT INTO lot (id, account, unit, entry, amount, remaining, opens_at, expires_at)
    SELECT gen_random_uuid(), e.account, e.unit, e.id, 10, 10, e.at, e.expires_at
    FROM entry e JOIN fresh USING (account)
    """,
    """ANALYZE lot, balance, entry""",
)


async def by_hand() -> None:
    """What a careful hand would write for exactly this: lock, then everything at once, with random ids."""

    async def work() -> None:
        await execute(
            "SELECT 1 FROM balance WHERE (account, unit) IN (SELECT account, unit FROM lot WHERE remaining > 0 "
            "AND expires_at <= now()) ORDER BY account FOR UPDATE"
        )
        await execute(BY_HAND)

    await in_transaction(work)


BY_HAND = """
WITH due AS (
    SELECT l.id, l.account, l.purchase, l.remaining, l.expires_at, gen_random_uuid() AS entry, b.seq, b.balance,
           row_number() OVER mine AS nth, sum(l.remaining) OVER mine AS gone
    FROM lot l JOIN balance b ON b.account = l.account AND b.unit = l.unit
    WHERE l.remaining > 0 AND l.expires_at <= now()
    WINDOW mine AS (PARTITION BY l.account ORDER BY l.expires_at, l.id)
), new_entry AS (
    INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at, reason,
                       facts, purchase, source, source_id, actor, origin)
    SELECT entry, account, 'points', seq + nth, 'expire', -remaining, balance - gone, 0, 0, expires_at, now(),
           'expired', '{}', purchase, 'expiry', id, 'Bench', 'live' FROM due
), new_allocation AS (
    INSERT INTO allocation (id, entry, lot, amount) SELECT gen_random_uuid(), entry, id, remaining FROM due
), closed AS (
    UPDATE lot SET remaining = 0 FROM due WHERE lot.id = due.id
)
UPDATE balance SET balance = balance.balance - one.gone, seq = balance.seq + one.lots
FROM (SELECT account, sum(remaining) AS gone, count(*) AS lots FROM due GROUP BY 1) one
WHERE balance.account = one.account AND balance.unit = 'points'
"""
