"""Search at a million members against the same at ten thousand, turn by turn; members by TESSERA_BENCH_MEMBERS."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

import psutil

from bench.frame import Budget, Result, side
from bench.people import Invented, people
from tessera.access import sealing
from tessera.access import service as access
from tessera.access.actor import Actor, Grant, acting_as, system_actor
from tessera.kernel.business import set_business
from tessera.kernel.database import DB, connection, execute, fetchval
from tessera.kernel.ids import uuid7
from tessera.kernel.instance import create_instance
from tessera.kernel.keys import Keys
from tessera.members import names, service
from tessera.members.numbers import with_check_digit
from tessera.members.service.tokens import COLUMNS, token_rows
from tessera.start import Opened, agree, load, open_loaded

MANY = int(os.environ.get("TESSERA_BENCH_MEMBERS", "1000000"))
FEW = 10_000
RUNS = 40
KEYS = Keys(b"i" * 32, {1: b"d" * 64}, b"c" * 32)
"""Both instances seal with these, so that one process can read both."""
PIECE = 20_000

QUERIES = {
    "given name": ("小伟", "子涵", "国强", "xiaolan", "zihan", "guohua", "yifan", "若雪"),
    "two letters": ("wx", "lz", "zh", "an", "li", "cy", "wa", "mi"),
    "tail": ("8000", "1234", "0007", "9991", "5678", "3141", "2718", "4242"),
    "namesake": ("王伟", "李娜", "张静", "wangwei", "lina", "刘洋", "陈杰", "zhangmin"),
}
"""Eight of each kind, asked in turn."""

MEMBER = ("id", "number", "name", "name_key", "birth_year", "birth_month", "birth_day", "lunar_leap", "store", "stage",
          "joined_on", "created_at", "updated_at", "version")  # fmt: skip
IDENTITY = ("id", "member", "kind", "lookup", "sealed", "tail", "is_primary", "verified", "created_at")


def run() -> list[Result]:
    """Two instances: everything is the same but how many there are."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        return asyncio.run(measure(Path(place)))


class Side:
    """One instance, filled; ``use`` lets what follows ask it."""

    def __init__(self, opened: Opened, stores: Sequence[UUID]) -> None:
        self.opened = opened
        self.stores = stores
        self.pool = DB.pool

    @classmethod
    async def made(cls, folder: Path, count: int) -> Side:
        """An instance with a business, two stores and so many members: nine in ten at home in the first store."""
        DB.pool = None
        loaded = load(create_instance(folder))
        sealing.use_keys(KEYS)
        opened = await open_loaded(loaded, may_migrate=agree)
        await set_business("Bench", "CNY", "Asia/Shanghai", "en")
        stores = [(await access.add_store(code, code.title())).id for code in ("main", "other")]
        began = time.perf_counter()
        await fill(count, stores)
        size = await fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
        rss = psutil.Process().memory_info().rss >> 20
        seconds = time.perf_counter() - began
        print(f"  {count:,} members made in {seconds:.0f} s; database {size}; this process {rss} MB", flush=True)
        return cls(opened, stores)

    async def ask(self, q: str, *, everywhere: bool) -> float:
        """Seconds of one search, by someone who sees all members or those of the second store."""
        DB.pool = self.pool
        store = None if everywhere else self.stores[1]
        who = Actor("staff", "Lin", (Grant(("members.read",), store),), store=store)
        with acting_as(who):
            began = time.perf_counter()
            await service.search(q)
            return time.perf_counter() - began

    async def close(self) -> None:
        """Let go of the instance."""
        DB.pool = self.pool
        await self.opened.close()


async def measure(place: Path) -> list[Result]:
    """Fill both instances, then ask both the same."""
    sides: list[Side] = []
    try:
        with system_actor():
            for name, count in (("few", FEW), ("many", MANY)):
                sides.append(await Side.made(place / name, count))
        return [
            await compared(sides[1], sides[0], kind, everywhere=everywhere)
            for everywhere in (True, False)
            for kind in QUERIES
        ]
    finally:
        for one in sides:
            await one.close()


async def compared(many: Side, few: Side, kind: str, *, everywhere: bool) -> Result:
    """One kind of query in turn: the budget is for the slow ones, so the ratio is that of the 95th percentiles."""
    times: tuple[list[float], list[float]] = ([], [])
    asked = list(islice(cycle(QUERIES[kind]), RUNS + len(QUERIES[kind])))
    for turn, q in enumerate(asked):
        for place, one in enumerate((many, few)):
            seconds = await one.ask(q, everywhere=everywhere)
            if turn >= len(QUERIES[kind]):
                times[place].append(seconds)
    ours, baseline = side(f"{MANY:,} members", times[0]), side(f"{FEW:,} members", times[1])
    budget, ratio = Budget(at_most=3.0), ours.p95 / baseline.p95
    who = "all stores" if everywhere else "one store"
    return Result(f"search: {kind}, {who}", ours, baseline, ratio, str(budget), budget.holds(ratio))


async def fill(count: int, stores: Sequence[UUID]) -> None:
    """Members with their phones and tokens, straight by ``COPY``, so many at a time."""
    everyone = people(count)
    done = 0
    while piece := list(islice(everyone, PIECE)):
        await copied(piece, done, stores)
        done += len(piece)
    await execute("ANALYZE")


async def copied(piece: Sequence[Invented], done: int, stores: Sequence[UUID]) -> None:
    """Some members into every table that a search reads."""
    now = datetime.now(UTC)
    rows, known, there, tokens = [], [], [], []
    for place, one in enumerate(piece, start=done + 1):
        id_, number, key, phone = uuid7(), with_check_digit(place), names.name_key(one.name), f"+86{one.phone}"
        store = stores[place % 10 == 0]
        year, month, day = map(int, one.birthday.split("-"))
        joined = date.fromisoformat(one.joined)
        rows.append((id_, number, one.name, key, year, month, day, False, store, "new", joined, now, now, 1))
        known.append(
            (uuid7(), id_, "phone", sealing.lookup("phone", phone), sealing.seal(phone), phone[-4:], True, False, now)
        )
        there.append((id_, store))
        tokens += token_rows(id_, one.name, key, number, [phone[-4:]])
    async with connection() as db:
        await db.copy_records_to_table("member", records=rows, columns=MEMBER)
        await db.copy_records_to_table("identity", records=known, columns=IDENTITY)
        await db.copy_records_to_table("member_store", records=there, columns=("member", "store"))
        await db.copy_records_to_table("member_token", records=tokens, columns=COLUMNS)
