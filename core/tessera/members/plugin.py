"""Where members meet the hooks."""

from datetime import timedelta

from tessera.access import reaching
from tessera.access.audit.reading import name_members_with
from tessera.access.service.leaving import register_handover
from tessera.conditions import register_facts
from tessera.kernel import long_jobs
from tessera.kernel.plugins.successors import register_successors
from tessera.members import sealed  # noqa: F401 - registers the columns of seals
from tessera.members.cards import links, marks
from tessera.members.cards.attachments import attachments_card, privacy_card
from tessera.members.cards.duplicates import duplicates_card
from tessera.members.cards.merging import merge_action
from tessera.members.cards.responsible import responsible_card
from tessera.members.events import EVENTS
from tessera.members.facts import FACTS, custom_facts
from tessera.members.imports import register_member_columns, staff, uploads, working
from tessera.members.imports.consents import loading as consents
from tessera.members.imports.people.loading import KIND
from tessera.members.imports.people.marks import mark_columns
from tessera.members.imports.people.undoing import undo_members
from tessera.members.imports.undoing import register_undo
from tessera.members.mark_events import MARK_EVENTS
from tessera.members.service import duplicates, erasing
from tessera.members.service.responsible import HANDOVER
from tessera.members.service.scope import is_visible
from tessera.members.service.stages import follow, run_stages
from tessera.members.service.survivors import SUCCESSORS
from tessera.members.service.views import titles
from tessera_hooks import Event, Fact, Job, Reaction, Screen, Slot, _, hookimpl

register_undo(KIND, undo_members)
register_undo(staff.KIND, staff.undo_staff)
register_undo(consents.KIND, consents.undo_consents)
register_handover(HANDOVER)
reaching.answer_with(is_visible)
register_facts(custom_facts)
register_member_columns(mark_columns)
name_members_with(titles)
long_jobs.register(working.JOB, working.run)
register_successors("member", SUCCESSORS)


@hookimpl
def events() -> list[Event]:
    return [*EVENTS, *MARK_EVENTS]


@hookimpl
def facts() -> list[Fact]:
    return FACTS


@hookimpl
def screens() -> list[Screen]:
    return [
        Screen("members", _("Members"), "users", "members.read", (), "/members", on_phone=True),
        Screen("tags", _("Tags"), "tags", "settings.write", (), "/settings/tags"),
        Screen("stages", _("Stages"), "stairs", "settings.write", (), "/settings/stages"),
        Screen("fields", _("Fields of members"), "forms", "settings.write", (), "/settings/fields"),
    ]


@hookimpl
def reactions() -> list[Reaction]:
    return [
        Reaction("members.stages", ["purchase.recorded", "visit.recorded", "member.updated"], follow),
        Reaction("members.likeness", ["member.updated"], duplicates.follow),
    ]


@hookimpl
def jobs() -> list[Job]:
    return [
        Job("members.stages", "40 3 * * *", _run_stages),
        Job("members.lists", "50 3 * * *", uploads.purge),
        Job("members.likeness", timedelta(minutes=5), duplicates.catch_up),
        Job("members.erased", timedelta(hours=1), erasing.sweep),
    ]


async def _run_stages() -> None:
    await run_stages()


@hookimpl
def slots() -> list[Slot]:
    return [
        Slot("member.warning", "members/card_duplicates.html", duplicates_card, "members.read"),
        Slot("member.mark", "members/card_tags.html", marks.tags_card, "members.read"),
        Slot("member.card", "members/card_links.html", links.links_card, "members.read"),
        Slot("member.profile", "members/card_responsible.html", responsible_card, "members.read"),
        Slot("member.profile", "members/card_identities.html", links.identities_card, "members.read"),
        Slot("member.profile", "members/card_custom.html", marks.custom_card, "members.read"),
        Slot("member.profile", "members/card_stage.html", marks.stage_card, "members.read"),
        Slot("member.profile", "members/card_attachments.html", attachments_card, "members.read"),
        Slot("member.profile", "members/card_merge.html", merge_action, "members.merge"),
        Slot("member.profile", "members/card_privacy.html", privacy_card, "members.read"),
    ]
