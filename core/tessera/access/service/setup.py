"""The first run: from an empty database to a business with its first owner, once."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tessera.access.actor import system_actor
from tessera.access.service.staff import add_staff, has_staff
from tessera.access.service.stores import add_store, stores
from tessera.kernel import generation
from tessera.kernel.business import set_business
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from tessera.kernel.plugins import host
from tessera.kernel.plugins.state import enable
from tessera_hooks import _

CODE_FILE = "setup-code"


class AlreadySetUp(Conflict):
    """There is someone who can sign in: the first run is over."""

    code = "already_set_up"


@dataclass(frozen=True)
class NewStore:
    """A store as it is named on the first-run page."""

    code: str
    name: str


@dataclass(frozen=True)
class FirstRun:
    """All that the first-run page asks for."""

    name: str
    currency: str
    timezone: str
    locale: str
    stores: Sequence[NewStore]
    plugins: Sequence[str]
    starters: Sequence[str]
    owner_name: str
    login: str
    password: str


def new_stores(names: Sequence[str]) -> list[NewStore]:
    """Stores of which only names were given: each gets a code that can be typed, from its name or its number."""
    made: dict[str, NewStore] = {}
    for number, name in enumerate(names, 1):
        from pypinyin import lazy_pinyin  # slow to load, and needed on one page once

        plain = "-".join(re.findall(r"[a-z0-9]+", "".join(lazy_pinyin(name)).lower()))[:30].strip("-")
        code = plain if plain and plain not in made else f"store-{number}"
        made[code] = NewStore(code, name)
    return list(made.values())


async def is_open() -> bool:
    """Whether the first run is still to come: nobody can sign in yet."""
    return not await has_staff()


async def set_up(answers: FirstRun) -> UUID:
    """Do everything that was asked for, or nothing; answers the owner's id.

    Of two browsers that answer at the same time, the second finds that it is done.
    """
    if not answers.stores and not stores():
        message = _("name at least one store")
        raise Invalid(message, [FieldError("stores", message)])
    owner: list[UUID] = []

    async def work() -> None:
        await execute("SELECT pg_advisory_xact_lock(hashtext('tessera.setup'))")
        if await has_staff():
            raise AlreadySetUp(_("This Tessera is set up already: sign in."))
        await set_business(answers.name, answers.currency, answers.timezone, answers.locale)
        for store in answers.stores:
            await add_store(store.code, store.name, timezone=answers.timezone, currency=answers.currency)
        for plugin in answers.plugins:
            await enable(plugin)
        made = await add_staff(
            answers.login, answers.owner_name, answers.password, role_code="owner", locale=answers.locale
        )
        owner[:] = [made.id]

    with system_actor():
        await in_transaction(work)
        await generation.reread()
        await start(answers.starters)
    return owner[0]


async def start(plugins: Sequence[str]) -> None:
    """Apply the starter sets of industries."""
    for declared in host().declared("starter_set"):
        if declared.plugin in plugins and host().enabled(declared.plugin):
            await declared.value.apply()


def setup_code(folder: Path) -> str:
    """The code that opens the first-run page from elsewhere; made once, readable by the owner of the files."""
    path = folder / CODE_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    code = secrets.token_urlsafe(16)
    with os.fdopen(handle, "w") as file:
        file.write(code + "\n")
    return code


def forget_code(folder: Path) -> None:
    """The first run is over: the code opens nothing any more."""
    (folder / CODE_FILE).unlink(missing_ok=True)


def check_code(folder: Path, given: str) -> None:
    """Refuse a wrong code."""
    if not given or not secrets.compare_digest(setup_code(folder).encode(), given.strip().encode()):
        raise Forbidden(
            _("This code is wrong: open the address that `tessera run` printed, or copy the code from its output.")
        )
