"""Where members meet the hooks."""

from tessera.members.events import EVENTS
from tessera.members.facts import FACTS
from tessera.members.imports.people.loading import KIND
from tessera.members.imports.people.undoing import undo_members
from tessera.members.imports.undoing import register_undo
from tessera_hooks import Event, Fact, Screen, _, hookimpl

register_undo(KIND, undo_members)


@hookimpl
def events() -> list[Event]:
    return EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def screens() -> list[Screen]:
    return [Screen("members", _("Members"), "users", "members.read", (), "/members", on_phone=True)]
