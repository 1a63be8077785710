"""Redemptions at the same moment, on one member and spread over many, against the same rows written by bare asyncpg.

The bare side is the physical limit: one transaction that locks the balance, takes from the lot and writes what a
redemption writes, with no question asked. Members by TESSERA_BENCH_REDEEMERS (100000 for the full measure).
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

import asyncpg

from bench.frame import Budget, Result, in_turn_async, result
from tessera.access import sealing
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import set_business
from tessera.kernel.database import DB, copy_records, execute, fetchval, in_transaction
from tessera.kernel.ids import uuid7
from tessera.kernel.instance import create_instance
from tessera.kernel.keys import Keys
from tessera.points import service as points
from tessera.points.rewards import service
from tessera.start import agree, load, open_loaded

MEMBERS = int(os.environ.get("TESSERA_BENCH_REDEEMERS", "2000"))
CLIENTS = 16
"""Redemptions that are under way at the same moment."""
BATCH = 64
"""Redemptions of one turn."""
TURNS = 20
KEYS = Keys(b"i" * 32, {1: b"d" * 64}, b"c" * 32)
BUDGET = Budget(at_most=4)
PLENTY = 10**9
PIECE = 20_000

_BALANCES = """
INSERT INTO balance (id, account, unit, balance, debt, seq)
SELECT gen_random_uuid(), id, 'points', $1, 0, 1 FROM account
"""
_ENTRIES = """
INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at, reason, facts,
    source, actor, origin)
SELECT gen_random_uuid(), id, 'points', 1, 'credit', $1, $1, 0, 0, $2, $2, 'gift', '{}', 'manual', 'bench', 'live'
FROM account
"""
_LOTS = """
INSERT INTO lot (id, account, unit, entry, amount, remaining, opens_at, idle)
SELECT gen_random_uuid(), e.account, 'points', e.id, $1, $1, $2, false FROM entry e
"""


@dataclass(frozen=True)
class Holder:
    """A member and the account that holds their points."""

    member: UUID
    account: UUID


def run() -> list[Result]:
    """One instance; each side has members of its own."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        return asyncio.run(measure(Path(place)))


async def measure(place: Path) -> list[Result]:
    """Fill the instance, then redeem on one member and on all."""
    loaded = load(create_instance(place / "shop"))
    sealing.use_keys(KEYS)
    opened = await open_loaded(loaded, may_migrate=agree)
    try:
        with system_actor():
            await set_business("Bench", "CNY", "Asia/Shanghai", "en")
            holders = await fill(MEMBERS)
            reward = await service.make_reward(service.NewReward(code="mug", title={"en": "Mug"}, points=1))
            async with asyncpg.create_pool(**DB.config, max_size=DB.pool.get_max_size()) as pool:
                bare = Bare(pool, reward.id)
                half = len(holders) // 2
                done = [
                    await compared("redeem, all on one member", bare, holders[:1], holders[half : half + 1]),
                    await compared(f"redeem, over {len(holders):,} members", bare, holders[:half], holders[half:]),
                ]
            if differences := await points.verify():
                raise SystemExit(f"the ledger differs after the measure: {differences[0]}")
            return done
    finally:
        await opened.close()


async def fill(count: int) -> list[Holder]:
    """Members with an account and more points than are ever taken."""
    holders = [Holder(uuid7(), uuid7()) for _n in range(count)]
    now, rest = clock.now(), iter(holders)
    columns = ("id", "number", "name", "name_key", "stage", "created_at", "updated_at", "version")
    while piece := list(islice(rest, PIECE)):

        async def work(piece: Sequence[Holder] = piece) -> None:
            rows = [(one.member, one.member.hex[-12:], "Ana", "ana", "new", now, now, 1) for one in piece]
            await copy_records("member", rows, columns)
            accounts = [(one.account, one.member, now) for one in piece]
            await copy_records("account", accounts, ("id", "member", "created_at"))

        await in_transaction(work)
    await execute(_BALANCES, PLENTY)
    await execute(_ENTRIES, PLENTY, now)
    await execute(_LOTS, PLENTY, now)
    for table in ("member", "account", "balance", "entry", "lot"):
        await execute(f"ANALYZE {table}")
    print(f"  {await fetchval('SELECT count(*) FROM lot'):,} members with points", flush=True)
    return holders


async def compared(name: str, bare: Bare, ours: Sequence[Holder], theirs: Sequence[Holder]) -> Result:
    """Batches of redemptions, turn by turn."""
    draw = random.Random(7)

    async def redeem_ours() -> None:
        await at_once(lambda: service.redeem(draw.choice(ours).member, "mug"))

    async def redeem_bare() -> None:
        await at_once(lambda: bare.redeem(draw.choice(theirs)))

    mine, base = await in_turn_async(redeem_ours, redeem_bare, TURNS)
    each = [[seconds / BATCH for seconds in side] for side in (mine, base)]
    print(f"  {1 / (sum(each[0]) / TURNS):,.0f} a second, bare {1 / (sum(each[1]) / TURNS):,.0f}", flush=True)
    return result(name, ("redeeming, each", each[0]), ("bare asyncpg, each", each[1]), BUDGET)


async def at_once(work: Callable[[], Awaitable[object]]) -> None:
    """A batch, by as many clients as there are."""
    left = iter(range(BATCH))

    async def client() -> None:
        for _place in left:
            await work()

    await asyncio.gather(*(client() for _n in range(CLIENTS)))


class Bare:
    """The rows of a redemption, written by hand."""

    def __init__(self, pool: asyncpg.Pool, reward: UUID) -> None:
        self.pool = pool
        self.reward = reward

    async def redeem(self, one: Holder) -> None:
        """Lock, take, write: as few statements as there can be."""
        entry, id_, now = uuid7(), uuid7(), clock.now()
        async with self.pool.acquire() as connection, connection.transaction():
            held = await connection.fetchrow(
                "SELECT balance, seq FROM balance WHERE account = $1 AND unit = 'points' FOR UPDATE", one.account
            )
            lot = await connection.fetchrow(
                "SELECT id FROM lot WHERE account = $1 AND unit = 'points' AND remaining > 0 FOR UPDATE", one.account
            )
            await connection.execute(
                _TAKE, uuid7(), entry, one.account, held["seq"] + 1, held["balance"] - 1, now, lot["id"]
            )
            await connection.execute(
                _WRITE, id_, self.reward, one.member, one.account, entry, id_.hex[-20:], now, uuid7()
            )


_TAKE = """
WITH new_entry AS (
    INSERT INTO entry (id, account, unit, seq, kind, amount, balance, debt_change, forgiven, at, recorded_at, reason,
        facts, source, actor, origin)
    VALUES ($2, $3, 'points', $4, 'debit', -1, $5, 0, 0, $6, $6, 'reward', '{}', 'redemption', 'bench', 'live')
), new_allocation AS (
    INSERT INTO allocation (id, entry, lot, amount) VALUES ($1, $2, $7, 1)
), taken AS (
    UPDATE lot SET remaining = remaining - 1 WHERE id = $7
)
UPDATE balance SET balance = $5, seq = $4 WHERE account = $3 AND unit = 'points'
"""

_WRITE = """
WITH redeemed AS (
    INSERT INTO redemption (id, reward, member, account, entry, points, actor, code, status, stocked, at, plugin)
    VALUES ($1, $2, $3, $4, $5, 1, 'bench', $6, 'open', false, $7, 'core')
), audited AS (
    INSERT INTO audit (id, at, action, actor_kind, actor_label, member, subject_kind, subject, fields, facts)
    VALUES ($8, $7, 'rewards.redeemed', 'system', 'bench', $3, 'redemption', $1, '[]', '{}')
)
INSERT INTO event (id, kind, version, origin, plugin, member, occurred_at, recorded_at, payload)
SELECT gen_random_uuid(), kind, 1, 'live', 'core', $3, $7, $7, '{}'
FROM unnest(ARRAY['points.spent', 'reward.redeemed']) AS t (kind)
"""
