"""Where members meet the hooks."""

from tessera.members.events import EVENTS
from tessera.members.facts import FACTS
from tessera_hooks import Event, Fact, hookimpl


@hookimpl
def events() -> list[Event]:
    return EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS
