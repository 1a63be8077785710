"""``GET /api/v1/members/{id}`` with an API key against a bare Litestar that reads one row with asyncpg."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from litestar import Litestar, get
from litestar.params import FromPath

from bench.frame import Budget, Result, in_turn_async, result
from bench.people import Invented, people
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.app import make_app
from tessera.kernel import database
from tessera.kernel.business import set_business
from tessera.kernel.instance import create_instance
from tessera.kernel.plugins.state import enable
from tessera.members import service as members
from tessera.members.service import NewMember
from tessera.points import service as points
from tessera.start import Loaded, agree, load, open_loaded

RUNS = 1500
MEMBERS = 1000
TAGS = ("regular", "window seat")


class Row(msgspec.Struct):
    """One row of the baseline."""

    id: UUID
    number: str
    name: str
    gender: str | None
    stage: str
    version: int


def run() -> list[Result]:
    """One database, both applications in this process, asked in turn without a network between."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        loaded = load(create_instance(Path(place) / "shop"))
        ours, bare = asyncio.run(measure(loaded))
    return [
        result(
            "one member as JSON",
            ("GET /api/v1/members/{id}", ours),
            ("bare Litestar + asyncpg, one row", bare),
            Budget(at_most=1 / 0.6),
        )
    ]


async def measure(loaded: Loaded) -> tuple[list[float], list[float]]:
    """Seconds of both sides, turn by turn."""
    opened = await open_loaded(loaded, may_migrate=agree)
    try:
        with system_actor():
            ids, key = await business(loaded)
        ours = asker(make_app(loaded.host), "/api/v1/members/{}", ids, key)
        plain = asker(bare(), "/members/{}", ids, "")
        return await in_turn_async(ours, plain, RUNS, warm=50)
    finally:
        await opened.close()


async def business(loaded: Loaded) -> tuple[list[UUID], str]:
    """A shop of some size whose members have all that is answered, every plugin enabled, and a till's key."""
    await set_business("Bench", "CNY", "Asia/Shanghai", "en")
    store = await access.add_store("main", "Main street")
    for name in loaded.host.plugins:
        await enable(name)
    ids = [await regular(one, store.id) for one in people(MEMBERS)]
    key = await access.add_key("till", ["members.read", "points.read", "purchases.read"], store=store.id)
    await database.execute("ANALYZE")
    return ids, key


async def regular(one: Invented, store: UUID) -> UUID:
    """A member with phone, e-mail, two tags, and points of two credits."""
    email = f"{one.card.lower()}@example.com"
    wanted = NewMember(name=one.name, phone=one.phone, email=email, birthday=one.birthday, store=store, tags=TAGS)
    member = await members.create_member(wanted)
    account = await members.account_of(member)
    for amount in (120, 35):
        await points.credit(account, member, amount, reason="welcome", store=store)
    return member


def bare() -> Litestar:
    """The baseline: its own pool, one query, one struct as JSON."""
    pool: dict[str, asyncpg.Pool[Any]] = {}

    @get("/members/{member_id:uuid}")
    async def one(member_id: FromPath[UUID]) -> Row:
        if not pool:
            pool["pool"] = await asyncpg.create_pool(**database.DB.config, min_size=1, max_size=4)
        row = await pool["pool"].fetchrow(
            "SELECT id, number, name, gender, stage, version FROM member WHERE id = $1", member_id
        )
        return Row(*row)

    return Litestar([one], logging_config=None)


def asker(app: Litestar, path: str, ids: Sequence[UUID], key: str) -> Callable[[], Awaitable[None]]:
    """Asks an application for one member after another, as a server hands it a request."""
    turn = iter(range(10**9))
    headers = [(b"host", b"test"), (b"accept", b"application/json")]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask() -> None:
        wanted = path.format(ids[next(turn) % len(ids)])
        statuses: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": wanted, "raw_path": wanted.encode(), "root_path": "", "query_string": b"", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("test", 80), "extensions": {}, "state": {},
        }  # fmt: skip
        await app(scope, receive, send)  # type: ignore[arg-type]
        if statuses != [200]:
            raise RuntimeError(f"{wanted} answered {statuses}")

    return ask
