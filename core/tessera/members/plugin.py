"""Where members meet the hooks."""

from tessera.access.audit.reading import name_members_with
from tessera.access.service.leaving import register_handover
from tessera.kernel import long_jobs
from tessera.members.cards.responsible import responsible_card
from tessera.members.events import EVENTS
from tessera.members.facts import FACTS
from tessera.members.imports import uploads, working
from tessera.members.imports.people.loading import KIND
from tessera.members.imports.people.undoing import undo_members
from tessera.members.imports.undoing import register_undo
from tessera.members.service.responsible import HANDOVER
from tessera.members.service.views import titles
from tessera_hooks import Event, Fact, Job, Screen, Slot, _, hookimpl

register_undo(KIND, undo_members)
register_handover(HANDOVER)
name_members_with(titles)
long_jobs.register(working.JOB, working.run)


@hookimpl
def events() -> list[Event]:
    return EVENTS


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def screens() -> list[Screen]:
    return [Screen("members", _("Members"), "users", "members.read", (), "/members", on_phone=True)]


@hookimpl
def jobs() -> list[Job]:
    return [Job("members.lists", "50 3 * * *", uploads.purge)]


@hookimpl
def slots() -> list[Slot]:
    return [Slot("member.card", "members/card_responsible.html", responsible_card, "members.read")]
