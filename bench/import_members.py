"""A list of members imported against ``COPY`` of the rows it comes to, ready-made; rows by TESSERA_BENCH_ROWS."""

from __future__ import annotations

import asyncio
import csv
import os
import tempfile
import time
from pathlib import Path

import psutil

from bench.frame import Budget, Result, result
from bench.people import people
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel.business import set_business
from tessera.kernel.database import connection, execute, fetchval
from tessera.kernel.instance import create_instance
from tessera.members.imports import Report, Step
from tessera.members.imports.people import import_members
from tessera.start import Loaded, agree, load, open_loaded

ROWS = int(os.environ.get("TESSERA_BENCH_ROWS", "100000"))
TURNS = 3 if ROWS <= 100_000 else 1
TABLES = ("member", "account", "identity", "member_store", "member_token", "likeness_key", "event", "import_batch",
          "import_row")  # fmt: skip
"""What an import of this list fills, in the order in which the keys between them allow it."""


def run() -> list[Result]:
    """Import, put what came of it aside, empty the tables, and load the same rows ready-made."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        file = Path(place) / "people.csv"
        write_list(file)
        loaded = load(create_instance(Path(place) / "shop"))
        ours, baseline = asyncio.run(measure(loaded, file, Path(place)))
    return [
        result(
            f"import of {ROWS:,} members",
            ("tessera import members", ours),
            ("COPY of the same rows, ready-made", baseline),
            Budget(at_most=10.0),
        )
    ]


def write_list(file: Path) -> None:
    """The list as a chain would export it."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["姓名", "手机号", "生日", "性别", "入会日期", "卡号"])
        writer.writerows((p.name, p.phone, p.birthday, p.gender, p.joined, p.card) for p in people(ROWS))


async def measure(loaded: Loaded, file: Path, place: Path) -> tuple[list[float], list[float]]:
    """Seconds of both sides, turn by turn."""
    opened = await open_loaded(loaded, may_migrate=agree)
    times: tuple[list[float], list[float]] = ([], [])
    try:
        with system_actor():
            await set_business("Bench", "CNY", "Asia/Shanghai", "en")
            store = (await access.add_store("main", "Main street")).id
            for _turn in range(TURNS):
                await execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
                times[0].append(await timed_import(file, store))
                await put_aside(place)
                await execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
                times[1].append(await timed_copy(place))
    finally:
        await opened.close()
    return times


async def timed_import(file: Path, store: object) -> float:
    """Import the list; tells how much memory this process holds on the way."""
    watch = Watch()
    began = time.perf_counter()
    report: Report = await import_members(file, store=store, progress=watch)  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    if report.created != ROWS:
        raise RuntimeError(f"{report.created} of {ROWS} rows were created: {report.first_rejects[:3]}")
    print(f"  {ROWS / seconds:,.0f} rows/s, memory at {watch.said()}", flush=True)
    return seconds


class Watch:
    """The memory of this process and those it started, at the first chunk past 10, 50 and 99 per cent."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}

    def __call__(self, step: Step) -> None:
        for per_cent in (10, 50, 99):
            if per_cent not in self.seen and step.done * 100 >= step.total * per_cent:
                own = psutil.Process()
                self.seen[per_cent] = own.memory_info().rss + sum(
                    child.memory_info().rss for child in own.children() if "python" in child.name()
                )

    def said(self) -> str:
        """One line."""
        return ", ".join(f"{per_cent} %: {rss >> 20} MB" for per_cent, rss in self.seen.items())


async def put_aside(place: Path) -> None:
    """Keep every row in files, in the binary format that needs no more thought."""
    async with connection() as db:
        for table in TABLES:
            await db.copy_from_table(table, output=place / f"{table}.copy", format="binary")


async def timed_copy(place: Path) -> float:
    """Load the files with their indexes and keys, one ``COPY`` a table."""
    began = time.perf_counter()
    async with connection() as db:
        for table in TABLES:
            await db.copy_to_table(table, source=place / f"{table}.copy", format="binary")
    seconds = time.perf_counter() - began
    loaded = await fetchval("SELECT count(*) FROM member")
    if loaded != ROWS:
        raise RuntimeError(f"{loaded} of {ROWS} members were loaded")
    return seconds
