"""What memberships tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from tessera.plugin import fetch, translate
from tessera_hooks import Event, Happened, Text, TimelineEntry, TimelineReader, _
from tessera_wallet.memberships.contract import READ
from tessera_wallet.told import seen_of


class Sold(msgspec.Struct):
    """A membership that was sold or renewed, the code of its product, and the price in minor units."""

    membership: UUID
    product: str
    price: int


class Upgraded(msgspec.Struct):
    """A membership that takes the place of another, with the credit and what was paid, in minor units."""

    membership: UUID
    before: UUID
    product: str
    credit: int
    paid: int


class Started(msgspec.Struct):
    """A membership that began with the first visit."""

    membership: UUID


class OnHold(msgspec.Struct):
    """A membership that rests from a day until a day, both inclusive."""

    membership: UUID
    from_on: date
    until_on: date


class Transferred(msgspec.Struct):
    """A membership that went to another member."""

    membership: UUID
    to: UUID


class Ended(msgspec.Struct):
    """A membership that was ended before its last day, how, and what was paid back in minor units."""

    membership: UUID
    how: str
    refunded: int


class Expiring(msgspec.Struct):
    """A membership whose last day is near; ``days_left`` is 0 on that day."""

    membership: UUID
    product: str
    until: date
    days_left: int


async def _titles(events: Sequence[Happened]) -> Mapping[str, str]:
    rows = await fetch(
        "SELECT x.id, p.title FROM wallet.membership x JOIN wallet.membership_product p ON p.id = x.product "
        "WHERE x.id = ANY($1)",
        [UUID(event.payload["membership"]) for event in events],
    )
    return {str(row["id"]): row["title"] for row in rows}


def _detail(event: Happened) -> str:
    until = event.payload.get("until") or event.payload.get("until_on")
    return translate(_("until {day}", day=until)) if until else ""


def _reader(title: Text) -> TimelineReader:
    async def read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
        events = await seen_of(events, READ)
        titles = await _titles(events)
        return {
            event.id: TimelineEntry(
                title,
                " · ".join(part for part in (titles.get(event.payload["membership"], ""), _detail(event)) if part),
            )
            for event in events
        }

    return read


def _event(name: str, title: Text, payload: type[msgspec.Struct]) -> Event:
    return Event(name, title, payload, icon="id-badge-2", timeline=_reader(title))


EVENTS = [
    _event("membership_sold", _("Bought a membership"), Sold),
    _event("membership_renewed", _("Renewed a membership"), Sold),
    _event("membership_upgraded", _("Upgraded a membership"), Upgraded),
    _event("membership_started", _("A membership began"), Started),
    _event("membership_held", _("A membership is on hold"), OnHold),
    _event("membership_transferred", _("A membership went to another member"), Transferred),
    _event("membership_ended", _("A membership was ended"), Ended),
    _event("membership_expiring", _("A membership is about to expire"), Expiring),
]
