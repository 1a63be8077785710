"""Where the core meets the sauna."""

from datetime import timedelta

import msgspec

from tessera.kernel.database import execute
from tessera_hooks import Event, Happened, Job, Permission, Reaction, _, hookimpl


class Heated(msgspec.Struct):
    """How hot it got."""

    degrees: int


async def air() -> None:
    """Nothing to do."""


@hookimpl
def events() -> list[Event]:
    return [Event("heated", _("Sauna heated"), Heated, icon="flame")]


async def warm(event: Happened) -> None:
    """Each heating makes every session a minute longer."""
    await execute("UPDATE sauna.session SET minutes = minutes + 1")


async def cool(event: Happened) -> None:
    """Each heating makes every session a degree colder."""
    await execute("UPDATE sauna.session SET degrees = degrees - 1")


@hookimpl
def reactions() -> list[Reaction]:
    return [Reaction("warm", ["sauna.heated"], warm, history=True), Reaction("cool", ["sauna.heated"], cool)]


@hookimpl
def permissions() -> list[Permission]:
    return [Permission("heat", _("Heat the sauna"))]


@hookimpl
def jobs() -> list[Job]:
    return [Job("air", timedelta(hours=1), air)]
