"""What coupons tell: the payloads of their events, and how they read on a member's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from tessera.plugin import fetch
from tessera_hooks import Event, Happened, Text, TimelineEntry, TimelineReader, _
from tessera_wallet.coupons.reading import READ
from tessera_wallet.told import seen_of


class CouponIssued(msgspec.Struct):
    """A coupon by its id, and the code of its kind."""

    coupon: UUID
    coupon_kind: str


class CouponUsed(msgspec.Struct):
    """A coupon that was used in a purchase."""

    coupon: UUID
    coupon_kind: str
    purchase: UUID


class CouponMoved(msgspec.Struct):
    """A coupon that was taken back, or given back."""

    coupon: UUID


async def _titles(events: Sequence[Happened]) -> Mapping[str, str]:
    rows = await fetch(
        "SELECT c.id, k.title FROM wallet.coupon c JOIN wallet.coupon_kind k ON k.id = c.kind WHERE c.id = ANY($1)",
        [UUID(event.payload["coupon"]) for event in events],
    )
    return {str(row["id"]): row["title"] for row in rows}


def _reader(title: Text) -> TimelineReader:
    async def read(events: Sequence[Happened]) -> Mapping[UUID, TimelineEntry]:
        events = await seen_of(events, READ)
        titles = await _titles(events)
        return {event.id: TimelineEntry(title, titles.get(event.payload["coupon"], "")) for event in events}

    return read


def _event(name: str, title: Text, payload: type[msgspec.Struct]) -> Event:
    return Event(name, title, payload, icon="ticket", timeline=_reader(title))


EVENTS = [
    _event("coupon_issued", _("Got a coupon"), CouponIssued),
    _event("coupon_used", _("Used a coupon"), CouponUsed),
    _event("coupon_returned", _("Got a coupon back"), CouponMoved),
    _event("coupon_revoked", _("A coupon was taken back"), CouponMoved),
]
