"""Real processes, really killed: no event is lost, none has its effect twice, nothing is half done."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kill.processes import Running, api_key, instance, postmaster, sql, tessera, until

pytestmark = [
    pytest.mark.kill,
    pytest.mark.xdist_group("kill"),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]

DUMMY = Path(__file__).parents[1] / "dummy" / "tessera_dummy"


@pytest.fixture(scope="module")
def shop() -> Iterator[Path]:
    """An instance with the dummy plugin, whose reaction writes a row for every new member."""
    with instance() as folder:
        shutil.copytree(DUMMY, folder / "plugins" / "tessera_dummy")
        tessera(folder, "migrate", "--yes")
        tessera(folder, "plugin", "enable", "dummy")
        yield folder


@pytest.fixture(scope="module")
def key(shop: Path) -> str:
    return api_key(shop)


@pytest.fixture
def running(shop: Path, key: str) -> Iterator[Running]:
    server = Running(shop, key)
    yield server
    if server.process.poll() is None:
        server.stop()


def sale(number: str, member: str) -> dict[str, object]:
    return {
        "external_id": number,
        "source": "till",
        "member": {"id": member},
        "store": "main",
        "amount": 1000,
        "lines": [{"sku": "x", "name": "X", "quantity": "1", "unit_price": "10.00", "amount": 1000}],
    }


def sell_stubbornly(server: Running, number: str, member: str, ids: dict[str, set[str]]) -> None:
    """What a till does: send the same sale until it is answered, whatever happens meanwhile."""
    answer = server.insist("/purchases", sale(number, member))
    assert answer.status_code == 201, answer.text
    ids.setdefault(number, set()).add(answer.json()["id"])


def new_member(server: Running, name: str) -> str:
    answer = server.http.post("/api/v1/members", json={"name": name, "store": "main"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def everything_is_dispatched(shop: Path) -> bool:
    [[waiting, last, behind]] = sql(
        shop,
        "SELECT (SELECT count(*) FROM event WHERE position IS NULL), (SELECT position FROM dispatcher), "
        "(SELECT count(*) FROM consumer, dispatcher WHERE consumer.position < dispatcher.position)",
    )
    return waiting == "0" and int(last) > 0 and behind == "0"


def effects(shop: Path) -> tuple[int, int]:
    """How many members were made, and how many times the dummy's reaction had its effect for one."""
    [[made, seen]] = sql(
        shop,
        "SELECT (SELECT count(*) FROM event WHERE kind = 'member.created' AND origin = 'live'), "
        "(SELECT count(*) FROM dummy.seen WHERE what = 'event member.created')",
    )
    return int(made), int(seen)


def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(shop: Path, running: Running):
    until(running.has_worker, "a worker beside the server")
    for round_ in range(3):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i, r=round_: new_member(running, f"Worker {r}-{i}"), range(30)))
        running.kill_worker()
        until(running.has_worker, "a new worker")
    until(lambda: everything_is_dispatched(shop), "every event is dispatched")
    made, seen = effects(shop)
    assert (made >= 90, seen) == (True, made)


def test_16_writers_leave_positions_without_a_gap(shop: Path, running: Running):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: new_member(running, f"Writer {i}"), range(160)))
    until(lambda: everything_is_dispatched(shop), "every event is dispatched")
    [[count, lowest, highest]] = sql(shop, "SELECT count(*), min(position), max(position) FROM event")
    assert (int(lowest), int(highest)) == (1, int(count))
    made, seen = effects(shop)
    assert seen == made


def test_a_server_killed_in_the_middle_of_sales_records_each_once(shop: Path, key: str):
    server = Running(shop, key)
    member = new_member(server, "Till")
    ids: dict[str, set[str]] = {}
    with ThreadPoolExecutor(8) as pool:
        sales = [pool.submit(sell_stubbornly, server, f"K{i}", member, ids) for i in range(120)]
        time.sleep(0.4)
        server.kill()
        server.start_again()
        for one in sales:
            one.result()
    server.stop()
    [[purchases, points]] = sql(
        shop,
        "SELECT (SELECT count(*) FROM purchase WHERE external_id LIKE 'K%'), "
        "(SELECT sum(amount) FROM entry e JOIN account a ON a.id = e.account "
        f"WHERE a.member = '{member}')",
    )
    assert (int(purchases), int(points), len(ids)) == (120, 1200, 120)
    assert tessera(shop, "points", "verify").returncode == 0


def test_postgresql_killed_under_load_comes_back_with_everything(shop: Path, running: Running):
    member = new_member(running, "Crash")
    ids: dict[str, set[str]] = {}
    with ThreadPoolExecutor(8) as pool:
        sales = [pool.submit(sell_stubbornly, running, f"P{i}", member, ids) for i in range(120)]
        time.sleep(0.4)
        postmaster(shop).kill()
        for one in sales:
            one.result()
    until(running.answers, "the server answers again")
    [[purchases]] = sql(shop, "SELECT count(*) FROM purchase WHERE external_id LIKE 'P%'")
    assert (int(purchases), len(ids)) == (120, 120)
    new_member(running, "After the crash")
    until(lambda: everything_is_dispatched(shop), "the worker goes on after the crash")
    assert tessera(shop, "points", "verify").returncode == 0


ASLEEP = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"

SLOW = """from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tessera.kernel.database import execute

ID = "2026-01-01T00:00:00:000000"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="slow", description="")

    async def run():
        await execute("CREATE SCHEMA slow")
        await execute("CREATE TABLE slow.first (n int)")
        await execute("SELECT pg_sleep({seconds})")
        await execute("CREATE TABLE slow.second (n int)")

    manager.add_raw(run)
    return manager
"""


def test_a_migration_killed_between_statements_is_done_whole_the_next_time(shop: Path):
    plugins = shop / "plugins"
    (plugins / "tessera_slow.py").write_text(
        "from tessera_hooks import Manifest\n\nMANIFEST = Manifest('slow', 'Slow')\n"
    )
    folder = plugins / "tessera_slow_migrations"
    folder.mkdir()
    (folder / "first.py").write_text(SLOW.format(seconds=60))
    process = subprocess.Popen([sys.executable, "-m", "tessera", "--instance", str(shop), "migrate", "--yes"])
    until(lambda: bool(sql(shop, f"SELECT 1 {ASLEEP}")), "the migration is between its statements")
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    sql(shop, f"SELECT pg_terminate_backend(pid) {ASLEEP}")
    assert sql(shop, "SELECT 1 FROM pg_namespace WHERE nspname = 'slow'") == []
    (folder / "first.py").write_text(SLOW.format(seconds=0))
    tessera(shop, "migrate", "--yes")
    assert sql(shop, "SELECT to_regclass('slow.first'), to_regclass('slow.second')") == [["slow.first", "slow.second"]]
    assert sql(shop, "SELECT count(*) FROM migration WHERE plugin = 'slow'") == [["1"]]


def test_a_parent_that_is_killed_takes_its_worker_along(shop: Path, key: str):
    server = Running(shop, key)
    until(server.has_worker, "a worker")
    worker = server.worker()
    server.kill()
    until(lambda: not worker.is_running() or worker.status() == "zombie", "the worker has ended")
