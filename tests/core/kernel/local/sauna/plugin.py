"""Where the core meets the sauna."""

from datetime import timedelta

import msgspec

from tessera_hooks import Event, Job, Permission, _, hookimpl


class Heated(msgspec.Struct):
    """How hot it got."""

    degrees: int


async def air() -> None:
    """Nothing to do."""


@hookimpl
def events() -> list[Event]:
    return [Event("heated", _("Sauna heated"), Heated, icon="flame")]


@hookimpl
def permissions() -> list[Permission]:
    return [Permission("heat", _("Heat the sauna"))]


@hookimpl
def jobs() -> list[Job]:
    return [Job("air", timedelta(hours=1), air)]
