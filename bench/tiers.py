"""The night of the tiers: who comes up among all members, and what becomes of those whose tier ends.

``TESSERA_BENCH_MEMBERS`` says how many members (10 000 unless told). The first comparison asks whom a night would
raise, against the best statement that a person would write by hand for exactly this question; the second judges
qualifications that all end on one night, against that statement with one more for each table that is written.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench.frame import Budget, Result, in_turn_async, result
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import set_business
from tessera.kernel.database import connection, execute, fetch, fetchval
from tessera.kernel.instance import create_instance
from tessera.start import agree, load, open_loaded
from tessera.tiers.periods import counted_from, midnight, scheme, tomorrow
from tessera.tiers.service import rising
from tessera.tiers.service.changing import add_tier
from tessera.tiers.service.defined import Criteria
from tessera.tiers.service.requalifying import requalify_all

RUNS = 5
MEMBERS = int(os.environ.get("TESSERA_BENCH_MEMBERS", "10000"))

BY_HAND = """
SELECT m.id, CASE WHEN s.spent >= 5000000 AND v.n >= 3 THEN 3 WHEN s.spent >= 500000 THEN 2 ELSE 1 END AS met
FROM member m
JOIN (SELECT p.member, sum(p.amount - p.returned - p.points_paid) AS spent FROM purchase p
      WHERE p.at >= $1 AND p.at < $2 AND p.currency = 'CNY' GROUP BY p.member) s ON s.member = m.id
LEFT JOIN (SELECT v.member, count(*) AS n FROM visit v WHERE v.day >= $1::date AND v.day < $2::date
           GROUP BY v.member) v ON v.member = m.id
LEFT JOIN tier t ON t.code = m.tier
WHERE s.spent >= 100000 AND m.merged_into IS NULL AND m.erased_at IS NULL
  AND CASE WHEN s.spent >= 5000000 AND v.n >= 3 THEN 3 WHEN s.spent >= 500000 THEN 2 ELSE 1 END > coalesce(t.rank, 0)
"""
"""Whom the tiers of this benchmark would raise, one currency and no points taken for granted."""

LOWER = """
CREATE TEMPORARY TABLE fallen ON COMMIT DROP AS SELECT m.id, m.store, m.tier,
    CASE m.tier WHEN 'diamond' THEN 'gold' WHEN 'gold' THEN 'silver' END AS down FROM member m WHERE m.tier IS NOT NULL;
UPDATE member m SET tier = f.down, updated_at = now() FROM fallen f WHERE f.id = m.id;
UPDATE member_tier t SET tier = f.down, since = now(), until = t.until + interval '1 year', warned_at = NULL
    FROM fallen f WHERE f.id = t.member;
INSERT INTO tier_change (id, member, before, after, direction, why, reason, evidence, actor, origin, at)
    SELECT gen_random_uuid(), id, tier, coalesce(down, 'basic'), 'down', 'not_met', '', '{}', 'bench', 'live', now()
    FROM fallen;
INSERT INTO event (id, kind, version, origin, plugin, member, store, occurred_at, recorded_at, payload)
    SELECT gen_random_uuid(), 'tier.changed', 1, 'live', 'core', id, store, now(), now(),
    jsonb_build_object('from', tier, 'to', down, 'direction', 'down') FROM fallen
"""
"""What a night writes of those who go down, by hand."""


def run() -> list[Result]:
    """One instance, the questions in turn."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        return asyncio.run(_measure(create_instance(Path(place) / "shop")))


async def _measure(instance: object) -> list[Result]:
    opened = await open_loaded(load(instance), may_migrate=agree)  # type: ignore[arg-type]
    try:
        with system_actor():
            await _business()
            return [await _asking(), await _ending()]
    finally:
        await opened.close()


async def _business() -> None:
    """Members of whom each has four purchases of the last year or the one before, and a visit for each."""
    await set_business("Bench", "CNY", "Asia/Shanghai", "en")
    store = (await access.add_store("main", "Main street")).id
    now = clock.now()
    await execute(
        "INSERT INTO member (id, number, name, name_key, store, stage, created_at, updated_at) "
        "SELECT gen_random_uuid(), 'B' || n, '', '', $1, 'active', $2, $2 FROM generate_series(1, $3) n",
        store,
        now,
        MEMBERS,
    )
    await execute(
        "INSERT INTO purchase (id, source, external_id, fingerprint, member, store, at, currency, amount, "
        "discount, returned, points_paid, origin, recorded_at) "
        "SELECT gen_random_uuid(), 'bench', m.number || '-' || n, ''::bytea, m.id, $1, "
        "$2::timestamptz - make_interval(days => (random() * 700)::int), 'CNY', (power(random(), 4) * 400000)::bigint, "
        "0, 0, 0, 'import', $2 FROM member m, generate_series(1, 4) n",
        store,
        now,
    )
    await execute(
        "INSERT INTO visit (id, member, store, day, kind, purchase, origin, at) SELECT gen_random_uuid(), p.member, "
        "$1, p.at::date, 'purchase', p.id, 'import', p.at FROM purchase p ON CONFLICT DO NOTHING",
        store,
    )
    await execute("VACUUM ANALYZE")
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"spend": 100_000}))
    await add_tier({"en": "Gold"}, criteria=Criteria(asks={"spend": 500_000}))
    await add_tier({"en": "Diamond"}, criteria=Criteria(asks={"spend": 5_000_000, "visits": 3}))


async def _whom() -> int:
    """Whom a night would raise, asked batch by batch as it does."""
    end, after, found = tomorrow(), UUID(int=0), 0
    first = counted_from(scheme(), end)
    while (last := await rising._end_of_batch(after)) is not None:
        rows, _names = await rising._candidates(after, last, first, end)
        found, after = found + len(rows), last
    return found


async def _asking() -> Result:
    end = tomorrow()
    since = midnight(counted_from(scheme(), end))

    async def by_hand() -> int:
        return len(await fetch(BY_HAND, since, midnight(end)))

    assert await _whom() == await by_hand()
    ours, baseline = await in_turn_async(_whom, by_hand, RUNS, warm=1)
    name = f"whom a night raises, of {MEMBERS:,} members"
    return result(name, ("as the night asks", ours), ("by hand, one statement", baseline), Budget(at_most=5.0))


async def _ending() -> Result:
    """Raise everyone, let all tiers end on one night, and judge them with all that is written."""
    began = time.perf_counter()
    raised = await rising.raise_everyone()
    rose = time.perf_counter() - began
    print(f"  raised {raised:,} of {MEMBERS:,} members in {rose:.1f} s, each with evidence, history and event")
    ends = await fetchval("SELECT max(until) FROM member_tier")
    with clock.frozen(ends - timedelta(days=10)):
        began = time.perf_counter()
        warned = await requalify_all()
        print(f"  warned {warned['warn']:,} in {time.perf_counter() - began:.1f} s")
    alone = await _by_hand(ends)
    with clock.frozen(ends + timedelta(hours=1)):
        began = time.perf_counter()
        done = await requalify_all()
        seconds = time.perf_counter() - began
    print(f"  lowered {done['down']:,} and kept {done['keep']:,} in {seconds:.1f} s")
    name = f"{done['down'] + done['keep']:,} tiers that end on one night, written"
    return result(name, ("judged and written", [seconds]), ("written by hand", [alone]), Budget(at_most=8.0))


async def _by_hand(ends: datetime) -> float:
    """Seconds that one statement a table takes to lower everyone as the night will, taken back afterwards."""
    async with connection() as db:
        transaction = db.transaction()
        await transaction.start()
        began = time.perf_counter()
        await db.fetch(BY_HAND, ends - timedelta(days=365), ends)
        await db.execute(LOWER)
        seconds = time.perf_counter() - began
        await transaction.rollback()
    await execute("VACUUM")
    return seconds
