"""The member's page with every plugin enabled against the same page with none, through the whole application."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from uuid import UUID

import httpx

from bench.frame import Budget, Result, in_turn_async, result
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.app import make_app
from tessera.kernel.business import set_business
from tessera.kernel.database import in_transaction
from tessera.kernel.instance import create_instance
from tessera.kernel.plugins.state import disable, enable
from tessera.members import service as members
from tessera.members.service.create import NewMember
from tessera.start import Loaded, agree, load, open_loaded

RUNS = 100
PASSWORD = "a-long-password-7"


def run() -> list[Result]:
    """One instance, one signed-in browser, the two sides in turn."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as place:
        Path(place).chmod(0o711)
        loaded = load(create_instance(Path(place) / "shop"))
        with_plugins, without = asyncio.run(_measure(loaded))
    return [
        result(
            "member page",
            (f"all plugins enabled ({', '.join(loaded.host.plugins)})", with_plugins),
            ("no plugin enabled", without),
            Budget(at_most=1.5),
        )
    ]


async def _measure(loaded: Loaded) -> tuple[list[float], list[float]]:
    opened = await open_loaded(loaded, may_migrate=agree)
    try:
        with system_actor():
            member = await _business(loaded)
        transport = httpx.ASGITransport(app=make_app(loaded.host))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
            await _sign_in(browser)
            everywhere = dict.fromkeys(loaded.host.plugins)

            async def page(where: dict[str, None]) -> None:
                loaded.host.where = dict(where)
                answer = await browser.get(f"/members/{member}")
                answer.raise_for_status()

            return await in_turn_async(lambda: page(everywhere), lambda: page({}), RUNS)
    finally:
        await opened.close()


async def _business(loaded: Loaded) -> UUID:
    await set_business("Bench", "CNY", "Asia/Shanghai", "en")
    store = await access.add_store("main", "Main street")
    await access.add_staff("owner", "Owner", PASSWORD, role_code="owner")
    member = await members.create_member(NewMember(name="Ana", phone="13800138000", store=store.id))
    for name in loaded.host.plugins:
        await enable(name)
    for declared in loaded.host.declared_in("sample_data"):
        await in_transaction(lambda d=declared: d.value.create([member]))  # type: ignore[misc]
    for name in loaded.host.plugins:
        await disable(name)
    return member


async def _sign_in(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in", headers={"accept": "text/html"})
    token = page.text.split('name="_csrf" value="')[1].split('"')[0]
    await browser.post("/sign-in", data={"login": "owner", "password": PASSWORD, "_csrf": token})
