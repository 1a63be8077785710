"""What tags and stages tell, as events: ids and codes, and how they read on the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.kernel.texts import translate
from tessera.members.labels import stage_label
from tessera.members.service.tags import tag_names
from tessera_hooks import Event, Happened, Text, TimelineEntry, TimelineReader, _


class TagsChanged(msgspec.Struct):
    """Which tags were given or taken; ``rule`` where a rule did it."""

    tags: list[UUID]
    rule: str | None = None


class StageChanged(msgspec.Struct):
    """From which stage to which; ``rule`` where a rule did it."""

    before: str
    after: str
    rule: str | None = None


def _tags(title: Text) -> TimelineReader:
    async def read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
        ids = {e.id: [UUID(tag) for tag in e.payload["tags"]] for e in events}
        known = await tag_names({tag for tags in ids.values() for tag in tags})
        return {
            event: TimelineEntry(title, translate(_(", ")).join(known[tag] for tag in tags if tag in known))
            for event, tags in ids.items()
        }

    return read


async def _stages(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {
        e.id: TimelineEntry(
            _(
                "Stage: {before} → {after}",
                before=stage_label(e.payload["before"]),
                after=stage_label(e.payload["after"]),
            )
        )
        for e in events
    }


_TAGGED, _UNTAGGED = _("Tagged"), _("Tag taken away")

MARK_EVENTS = [
    Event("member.tagged", _TAGGED, TagsChanged, icon="tag", timeline=_tags(_TAGGED)),
    Event("member.untagged", _UNTAGGED, TagsChanged, icon="tag-off", timeline=_tags(_UNTAGGED)),
    Event("member.stage_changed", _("Stage changed"), StageChanged, icon="stairs", timeline=_stages),
]
