"""The night of the tiers: who comes up among all members, and what becomes of those whose tier ends.

``TESSERA_BENCH_MEMBERS`` says how many members (10 000 unless told). The first comparison asks whom a night would
raise, against the best statement that a person would write by hand for exactly this question; the second raises them
all, the third lowers them all on one night, against a script that counts with that statement and writes the same rows
with one statement a table, in one transaction, without locks, and without keeping to what the business has set.
"""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from bench.frame import Budget, Result, in_turn_async, result
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import set_business
from tessera.kernel.database import connection, execute, fetch, fetchval, in_transaction
from tessera.kernel.instance import create_instance
from tessera.start import agree, load, open_loaded
from tessera.tiers.periods import counted_from, midnight, scheme, tomorrow
from tessera.tiers.service import applying, rising
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

COUNT = """
INSERT INTO counted
SELECT m.id, m.store, m.tier, coalesce(s.spent, 0), coalesce(v.n, 0),
    CASE WHEN s.spent >= 5000000 AND v.n >= 3 THEN 'diamond' WHEN s.spent >= 500000 THEN 'gold'
        WHEN s.spent >= 100000 THEN 'silver' END
FROM member m
LEFT JOIN (SELECT p.member, sum(p.amount - p.returned - p.points_paid) AS spent FROM purchase p
      WHERE p.at >= $1 AND p.at < $2 AND p.currency = 'CNY' GROUP BY p.member) s ON s.member = m.id
LEFT JOIN (SELECT v.member, count(*) AS n FROM visit v WHERE v.day >= $1::date AND v.day < $2::date
           GROUP BY v.member) v ON v.member = m.id
WHERE m.merged_into IS NULL AND m.erased_at IS NULL
"""
"""What everyone did, and the tier that it is enough for."""

COUNTED = """
CREATE TEMPORARY TABLE counted (id uuid, store uuid, tier text, spent bigint, visits bigint, met text) ON COMMIT DROP
"""

MOVED = """
CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT c.*, {after} AS after, jsonb_build_object('tier', {whose},
    'version', 1, 'match', 'all', 'asked', CASE {whose} WHEN 'diamond' THEN '{{"spend": 5000000, "visits": 3}}'::jsonb
    WHEN 'gold' THEN '{{"spend": 500000}}' ELSE '{{"spend": 100000}}' END, 'counted', CASE {whose} WHEN 'diamond'
    THEN jsonb_build_object('spend', spent, 'visits', visits) ELSE jsonb_build_object('spend', spent) END, 'since',
    '{since}', 'end', '{end}', 'uncounted', '{{}}'::jsonb) AS evidence FROM counted c WHERE {which};
UPDATE member m SET tier = f.after, updated_at = now() FROM moved f WHERE f.id = m.id;
INSERT INTO member_tier (member, tier, since, until, counted_since, counted_until, by_hand, pinned)
    SELECT id, after, now(), CASE WHEN after IS NOT NULL THEN '{end}'::timestamptz + interval '1 year' END, '{since}',
    '{end}', false, false FROM moved
    ON CONFLICT (member) DO UPDATE SET tier = excluded.tier, since = excluded.since, until = excluded.until,
    counted_since = excluded.counted_since, counted_until = excluded.counted_until, warned_at = NULL;
INSERT INTO tier_change (id, member, before, after, direction, why, reason, evidence, actor, origin, at)
    SELECT uuidv7(), id, coalesce(tier, 'basic'), coalesce(after, 'basic'), '{direction}', '{why}', '', evidence,
    'bench', 'live', now() FROM moved;
INSERT INTO event (id, kind, version, origin, plugin, member, store, occurred_at, recorded_at, payload)
    SELECT uuidv7(), 'tier.changed', 1, 'live', 'core', id, store, now(), now(), jsonb_build_object('from',
    coalesce(tier, 'basic'), 'to', coalesce(after, 'basic'), 'direction', '{direction}', 'why', '{why}') FROM moved
"""
"""The rows of a night, by hand."""

RAISED = {"after": "met", "whose": "met", "which": "met IS NOT NULL", "direction": "up", "why": "reached"}

LOWERED = {
    "after": "CASE tier WHEN 'diamond' THEN 'gold' WHEN 'gold' THEN 'silver' END",
    "whose": "tier",
    "which": "tier IS NOT NULL",
    "direction": "down",
    "why": "not_met",
}


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
            return [await _asking(), await _rising(), await _ending()]
    finally:
        await opened.close()


async def _business() -> None:
    """Members of whom each has four purchases of the last year or the one before, and a visit for each."""
    await set_business("Bench", "CNY", "Asia/Shanghai", "en")
    store = (await access.add_store("main", "Main street")).id
    await in_transaction(partial(_people, store))
    await execute("VACUUM ANALYZE")
    await add_tier({"en": "Silver"}, criteria=Criteria(asks={"spend": 100_000}))
    await add_tier({"en": "Gold"}, criteria=Criteria(asks={"spend": 500_000}))
    await add_tier({"en": "Diamond"}, criteria=Criteria(asks={"spend": 5_000_000, "visits": 3}))


async def _people(store: UUID) -> None:
    """The rows, without asking of each whether its member is there."""
    now = clock.now()
    await execute("SET LOCAL session_replication_role = replica")
    await execute(
        "INSERT INTO member (id, number, name, name_key, store, stage, created_at, updated_at) "
        "SELECT uuidv7(), 'B' || n, '', '', $1, 'active', $2, $2 FROM generate_series(1, $3) n",
        store,
        now,
        MEMBERS,
    )
    await execute(
        "INSERT INTO purchase (id, source, external_id, fingerprint, member, store, at, currency, amount, "
        "discount, returned, points_paid, origin, recorded_at) "
        "SELECT uuidv7(), 'bench', m.number || '-' || n, ''::bytea, m.id, $1, "
        "$2::timestamptz - make_interval(days => (random() * 700)::int), 'CNY', (power(random(), 4) * 400000)::bigint, "
        "0, 0, 0, 'import', $2 FROM member m, generate_series(1, 4) n",
        store,
        now,
    )
    await execute(
        "INSERT INTO visit (id, member, store, day, kind, purchase, origin, at) SELECT uuidv7(), p.member, "
        "$1, p.at::date, 'purchase', p.id, 'import', p.at FROM purchase p ON CONFLICT DO NOTHING",
        store,
    )


async def _whom() -> int:
    """Whom a night would raise, asked page by page as it does."""
    after, found = rising.START, 0
    while (last := await rising._end_of_page(after)) is not None:
        found, after = found + len(await rising.candidates(after, last)), last
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


async def _rising() -> Result:
    """Raise everyone who meets a tier, with all that is written."""
    end = tomorrow()
    alone = await _by_hand(midnight(counted_from(scheme(), end)), midnight(end), RAISED)
    took, before = await _night()
    raised: int = await fetchval("SELECT count(*) FROM tier_change")
    print(f"  raised {raised:,} of {MEMBERS:,} members; {_memory(before)}")
    name = f"a night that raises {raised:,} of {MEMBERS:,} members"
    return result(name, ("asked, judged and written", [took]), ("written by hand", [alone]), Budget(at_most=3.0))


async def _ending() -> Result:
    """Let all tiers end on one night, and judge them with all that is written."""
    ends = await fetchval("SELECT max(until) FROM member_tier")
    with clock.frozen(ends - timedelta(days=10)):
        began = time.perf_counter()
        warned = await requalify_all()
        print(f"  warned {warned['warn']:,} in {time.perf_counter() - began:.1f} s")
    await execute("VACUUM ANALYZE")
    alone = await _by_hand(ends - timedelta(days=365), ends, LOWERED)
    with clock.frozen(ends + timedelta(hours=1)):
        took, before = await _night()
    lowered: int = await fetchval("SELECT count(*) FROM tier_change WHERE direction = 'down'")
    print(f"  lowered {lowered:,}; {_memory(before)}")
    name = f"a night that looks at {MEMBERS:,} members and lowers {lowered:,}"
    return result(name, ("asked, judged and written", [took]), ("written by hand", [alone]), Budget(at_most=3.0))


async def _night() -> tuple[float, int]:
    """Seconds of a whole night, round after round as a worker runs it; and the memory before, in KiB."""
    before = _peak()
    began = time.perf_counter()
    await applying.nightly()
    while await fetchval("SELECT true FROM setting WHERE key = $1", applying.NIGHT):
        await applying.go_on()
    return time.perf_counter() - began, before


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _memory(before: int) -> str:
    return f"{_peak() / 1024:.0f} MiB at most in this process, {before / 1024:.0f} before"


async def _by_hand(since: datetime, end: datetime, how: dict[str, str]) -> float:
    """Seconds that one statement a table takes to write the same, taken back afterwards."""
    async with connection() as db:
        transaction = db.transaction()
        await transaction.start()
        began = time.perf_counter()
        await db.execute(COUNTED)
        await db.execute(COUNT, since, end)
        await db.execute(MOVED.format(since=since.isoformat(), end=end.isoformat(), **how))
        seconds = time.perf_counter() - began
        await transaction.rollback()
    await execute("VACUUM")
    return seconds
