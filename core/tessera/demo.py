"""A throwaway business to try everything on: stores, staff, members, and every bundled plugin."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import platformdirs
import segno

from tessera import demo_people, demo_till, serve, setup
from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.cli_support import out, say
from tessera.kernel import dispatcher
from tessera.kernel.business import set_setting
from tessera.kernel.database import in_transaction
from tessera.kernel.embedded import is_in_use
from tessera.kernel.errors import CannotRun
from tessera.kernel.instance import SETTINGS_FILE, Instance, open_instance
from tessera.kernel.plugins import PluginHost
from tessera.kernel.plugins.state import enable
from tessera.launch import check_port, database_starting
from tessera.start import agree, load, open_loaded

SIGN_INS = "sign-ins.json"

STAFF = (
    ("owner", "Lin Wei", "owner", ""),
    ("coach", "Chen Jing", "fitness.coach", "harbour"),
    ("cashier", "Zhou Min", "wallet.cashier", "harbour"),
)
"""Login, name, role and store of those who can sign in; without a store, everywhere."""

STORES = (("harbour", "Harbour Street"), ("riverside", "Riverside"))


@dataclass(frozen=True)
class SignIn:
    """Who can sign in to the demonstration."""

    login: str
    name: str
    password: str


def folder() -> Path:
    """Where the demonstration lives: beside other data of this user, for root where PostgreSQL's user may enter."""
    named = os.environ.get("TESSERA_DEMO")
    if named:
        return Path(named)
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/tessera/demo")
    return platformdirs.user_data_path("tessera") / "demo"


def run_demo(host: str, port: int, *, fresh: bool = False) -> None:
    """Serve the demonstration, made at the first call; ``fresh`` makes it anew."""
    check_port(host, port)
    place = folder()
    if fresh and (place / SETTINGS_FILE).exists():
        if is_in_use(place / "data"):
            raise CannotRun("the demonstration is still running: stop it with Ctrl-C, then begin anew")
        shutil.rmtree(place)
    if not (place / SIGN_INS).exists():
        if place.exists():
            shutil.rmtree(place)
        make(place)
    instance = open_instance(place)
    people = msgspec.json.decode((place / SIGN_INS).read_bytes(), type=list[SignIn])
    with database_starting(instance, say) as database_is_there:
        serving = serve.Serving(host, port, 1, say, agree, ready=lambda _first_run: welcome(host, port, people))
        serve.run(instance, serving, database_is_there)


def make(place: Path) -> None:
    """Make the demonstration; its sign-ins are written last, so that a half-made one is begun again."""
    say("Making a business to try things on: about twenty seconds, only this once.")
    place.parent.mkdir(parents=True, exist_ok=True)
    instance = setup.create(place, "Harbour Gym", [], "en", "CNY", "Asia/Shanghai", say)
    people = asyncio.run(_fill(instance))
    handle = os.open(place / SIGN_INS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(people))


async def _fill(instance: Instance) -> list[SignIn]:
    loaded = load(instance)
    opened = await open_loaded(loaded, say)
    try:
        with system_actor():
            for name in loaded.host.plugins:
                await enable(name)
            stores = [(await access.add_store(code, name)).id for code, name in STORES]
            people = await _staff(loaded.host)
            joined = await demo_people.members_of(stores)
            await demo_people.marks(joined, stores[0])
            await demo_people.purchases_of(joined, stores)
            await demo_people.rewards_of(joined, stores)
            await _samples(loaded.host, joined)
            await demo_till.shifts_of("cashier", stores[0], joined)
            await set_setting("messaging.mode", "off")
            await dispatcher.drain()
    finally:
        await opened.close()
    return people


async def _staff(host: PluginHost) -> list[SignIn]:
    people = []
    known = access.roles()
    for login, name, role, store in STAFF:
        password = f"{login}-{secrets.token_hex(4)}"
        held = role if role in known else "front_desk"
        await access.add_staff(login, name, password, role_code=held, store_code=store)
        people.append(SignIn(login, name, password))
    return people


async def _samples(host: PluginHost, joined: list[UUID]) -> None:
    for declared in host.declared_in("sample_data"):
        await in_transaction(lambda d=declared: d.value.create(joined))  # type: ignore[misc]


def lan_address() -> str | None:
    """This machine's address in its network, found without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address: str = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def welcome(host: str, port: int, people: list[SignIn]) -> None:
    """Print where to go and as whom; the address for a phone also as a QR code."""
    out.print()
    out.print(f"Tessera is at http://127.0.0.1:{port}", highlight=False)
    address = lan_address() if host in {"0.0.0.0", "::"} else None  # noqa: S104
    if address:
        url = f"http://{address}:{port}"
        out.print(f"On a phone in the same network: {url}", highlight=False)
        segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
    for person in people:
        out.print(f"  {person.login:<8} {person.password:<16} {person.name}", highlight=False)
    out.print("Stop with Ctrl-C; `tessera demo --fresh` begins anew.", highlight=False)
    sys.stdout.flush()
