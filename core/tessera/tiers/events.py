"""What tiers tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from babel.dates import format_date

from tessera.kernel.texts import current_locale
from tessera.tiers.service.defined import tier_of
from tessera_hooks import Event, Happened, TimelineEntry, _


class TierChanged(msgspec.Struct):
    """From which tier to which, by code; ``direction`` is ``up`` or ``down``, ``why`` a code."""

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    direction: str = "up"
    why: str = ""


class TierWarning(msgspec.Struct):
    """The tier and its last day, unless what it asks for is met before."""

    tier: str
    ends: date


async def _changed(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {event.id: _change(event) for event in events}


def _change(event: Happened) -> TimelineEntry:
    before, after = (tier_of(event.payload[end]).title for end in ("from", "to"))
    said = _("{before} → {after}", before=before, after=after)
    title = (
        _("Rose to {tier}", tier=after) if event.payload["direction"] == "up" else _("Went down to {tier}", tier=after)
    )
    return TimelineEntry(title, said, f"/members/{event.member}/tier")


async def _warned(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
    return {event.id: _warning(event) for event in events}


def _warning(event: Happened) -> TimelineEntry:
    day = format_date(date.fromisoformat(event.payload["ends"]), "long", locale=current_locale())
    title = _("{tier} ends on {day} unless it is reached again", tier=tier_of(event.payload["tier"]).title, day=day)
    return TimelineEntry(title, url=f"/members/{event.member}/tier")


EVENTS = [
    Event("tier.changed", _("Tier changed"), TierChanged, icon="award", timeline=_changed),
    Event("tier.warning", _("Tier about to end"), TierWarning, icon="alert-triangle", timeline=_warned),
]
