"""What packs tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from tessera_hooks import Event, Happened, TimelineEntry, _
from tessera_wallet.told import money, reader


class PackSold(msgspec.Struct):
    """A pack by its id, how many sessions it holds, and what was paid in minor units."""

    pack: UUID
    units: int
    amount: int
    currency: str


class SessionUsed(msgspec.Struct):
    """Sessions that were used, or given back."""

    redemption: UUID
    units: int


class PackExtended(msgspec.Struct):
    """A pack whose last day was moved."""

    pack: UUID
    until: date


def _sold(event: Happened) -> TimelineEntry:
    title = _("Bought a pack of {units} for {amount}", units=event.payload["units"], amount=money(event, "amount"))
    return TimelineEntry(title, "", f"/wallet/packs/{event.payload['pack']}")


def _used(event: Happened) -> TimelineEntry:
    return TimelineEntry(_("Sessions used: {units}", units=event.payload["units"]))


def _undone(event: Happened) -> TimelineEntry:
    return TimelineEntry(_("Sessions given back: {units}", units=event.payload["units"]))


def _refunded(event: Happened) -> TimelineEntry:
    title = _("Pack taken back for {amount}", amount=money(event, "amount"))
    return TimelineEntry(title, "", f"/wallet/packs/{event.payload['pack']}")


def _extended(event: Happened) -> TimelineEntry:
    title = _("Pack extended until {day}", day=event.payload["until"])
    return TimelineEntry(title, "", f"/wallet/packs/{event.payload['pack']}")


EVENTS = [
    Event("pack_sold", _("Pack sold"), PackSold, icon="ticket", timeline=reader(_sold)),
    Event("session_used", _("Session used"), SessionUsed, icon="checkbox", timeline=reader(_used)),
    Event("session_undone", _("Session given back"), SessionUsed, icon="arrow-back-up", timeline=reader(_undone)),
    Event("pack_refunded", _("Pack taken back"), PackSold, icon="cash-banknote", timeline=reader(_refunded)),
    Event("pack_extended", _("Pack extended"), PackExtended, icon="calendar-plus", timeline=reader(_extended)),
]
