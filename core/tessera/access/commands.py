"""``tessera store``, ``tessera staff`` and ``tessera apikey``."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import rich_click as click

from tessera.cli_support import fail, out, run_in_instance, say

if TYPE_CHECKING:
    from tessera.start import Opened

PASSWORD = "TESSERA_PASSWORD"  # noqa: S105 - the name of a variable


@click.group()
def store() -> None:
    """Stores."""


@store.command("add")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--timezone", default="", help="IANA name; the business's unless given.")
@click.option("--currency", default="", help="ISO 4217; the business's unless given.")
@click.option("--circle", default="", help="The stores that know the same members; the first circle unless given.")
def add_store(code: str, name: str, timezone: str, currency: str, circle: str) -> None:
    """Open a store that files and tills call CODE."""
    from tessera.access import service

    async def work(_: Opened) -> None:
        added = await service.add_store(code, name, timezone=timezone, currency=currency, circle=circle)
        say(f"store {added.code}, {added.name}: {added.timezone}, {added.currency}")

    run_in_instance(work)


@click.group()
def staff() -> None:
    """People who work here."""


@staff.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Their name.")
@click.option("--role", required=True, help="What they may do, such as owner, manager, cashier, fitness.coach.")
@click.option("--store", "store_code", default="", help="The store where the role holds; everywhere unless given.")
def add_staff(login: str, name: str, role: str, store_code: str) -> None:
    """Add someone who signs in as LOGIN; asks for the password, or reads TESSERA_PASSWORD."""
    from tessera.access import service

    password = _password(login)

    async def work(_: Opened) -> None:
        person = await service.add_staff(login, name, password, role_code=role, store_code=store_code)
        say(f"{person.name} can sign in as {person.login}")

    run_in_instance(work)


@staff.command("password")
@click.argument("login")
def set_password(login: str) -> None:
    """Give LOGIN a new password, also when nobody can sign in any more; their sessions end."""
    from tessera.access import service

    password = _password(login)

    async def work(_: Opened) -> None:
        person = await service.by_login(login)
        await service.set_password(person.id, password)
        say(f"{person.name} has a new password")

    run_in_instance(work)


def _password(login: str) -> str:
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(f"there is nobody to ask for the password of {login}: give it in {PASSWORD}")
    return str(click.prompt(f"Password for {login}", hide_input=True, confirmation_prompt=True, err=True))


@click.group()
def apikey() -> None:
    """Keys for tills, shops and scripts."""


@apikey.command("add")
@click.argument("name")
@click.option("--permission", "permissions", multiple=True, required=True, help="May be given several times.")
@click.option("--store", "codes", multiple=True, help="Where it holds, perhaps several; else everywhere.")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it works, such as 2027-12-31."
)
def add_key(name: str, permissions: tuple[str, ...], codes: tuple[str, ...], expires: datetime | None) -> None:
    """Make a key and print it, once and last, on standard output."""
    from tessera.access import service
    from tessera.kernel import clock
    from tessera.kernel.business import business

    async def work(_: Opened) -> str:
        stores = [service.store_by_code(code).id for code in codes]
        end = clock.midnight(expires.date() + timedelta(days=1), business().timezone) if expires else None
        return await service.add_key(name, permissions, stores=stores, expires_at=end)

    key = run_in_instance(work)
    say("This is the only time that the key is shown:")
    click.echo(key)


@click.group()
def audit() -> None:
    """Who did and saw what."""


@audit.command("verify")
def verify_audit() -> None:
    """Recompute the seals of the audit and name every difference; exit 1 where there is one."""
    from tessera.access.audit.verifying import Verified, verify

    async def work(_: Opened) -> Verified:
        return await verify()

    found = run_in_instance(work)
    for difference in found.differences:
        out.print(str(difference), highlight=False, soft_wrap=True, markup=False)
    say(f"{found.rows} rows in {found.seals} seals verified, {len(found.differences)} differences")
    if found.seals:
        say(f"the newest seal is {found.last}, {found.mark}: keep that elsewhere to notice if later ones were cut off")
    say(f"{found.unsealed} rows are not sealed yet")
    if found.differences:
        sys.exit(1)


commands: list[click.Command] = [store, staff, apikey, audit]
