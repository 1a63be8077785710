"""Who may enter: asked at the desk, at a till, by a booking; and the first visit, which begins what waited for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tessera.plugin import business, local_day, now, store_of
from tessera_hooks import Happened, Text, _
from tessera_wallet.memberships.contract import Held, Product
from tessera_wallet.memberships.reading import memberships_of
from tessera_wallet.memberships.selling import start

WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


@dataclass(frozen=True)
class Entitlement:
    """Whether a member may enter, by which membership, and why not by the others.

    ``begins`` says that it begins with this visit. ``until`` is its last day, where it has one.
    """

    may: bool
    membership: UUID | None = None
    title: str = ""
    until: date | None = None
    begins: bool = False
    reasons: Sequence[Text] = ()


async def entitled(member: UUID, store: UUID | None = None, at: datetime | None = None) -> Entitlement:
    """Whether one of a member's memberships lets them in, by a store's clock and calendar."""
    moment = at or now()
    zone = zone_of(store)
    day = local_day(moment, zone)
    reasons: list[Text] = []
    for held in await memberships_of(member, day):
        why = why_not(held, store, moment, zone)
        if why is None:
            begins = held.starts_on is None
            return Entitlement(True, held.id, held.product.title, held.ends_on, begins, reasons)
        if held.ended_on is None:
            reasons.append(why)
    return Entitlement(False, reasons=reasons or [_("there is no membership")])


def zone_of(store: UUID | None) -> str:
    """The zone of a store; the business's where no store is named."""
    known = store_of(store)
    return known.timezone if known is not None else business().timezone


def why_not(held: Held, store: UUID | None, at: datetime, zone: str) -> Text | None:
    """Why a membership does not let in, in a store at a moment; nothing where it does."""
    product, day = held.product, local_day(at, zone)
    state = held.state_on(day)
    waits = state == "not_started" and held.starts_on is None
    if state != "active" and not waits:
        return _state_said(held, state, day)
    if product.stores and store not in product.stores:
        return _('"{title}" does not hold in this store', title=product.title)
    return _clock_said(product, at, zone)


def _state_said(held: Held, state: str, day: date) -> Text:
    title = held.product.title
    if state == "held":
        until = next(until for since, until in held.spans if since <= day <= until)
        return _('"{title}" is on hold until {day}', title=title, day=until.isoformat())
    if state == "not_started" and held.starts_on is not None:
        return _('"{title}" begins on {day}', title=title, day=held.starts_on.isoformat())
    if state == "expired" and held.ends_on is not None:
        return _('"{title}" expired after {day}', title=title, day=held.ends_on.isoformat())
    return _('"{title}" was ended', title=title)


def _clock_said(product: Product, at: datetime, zone: str) -> Text | None:
    local = at.astimezone(ZoneInfo(zone))
    if product.weekdays and local.isoweekday() not in product.weekdays:
        return _('"{title}" does not hold on this day of the week', title=product.title)
    if not product.from_minute <= local.hour * 60 + local.minute < product.until_minute:
        hours = f"{clock(product.from_minute)}–{clock(product.until_minute)}"
        return _('"{title}" holds {hours}', title=product.title, hours=hours)
    return None


def clock(minute: int) -> str:
    """A minute of the day as clocks show it: 24:00 for its end."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


async def start_at_visit(event: Happened) -> None:
    """Begin the membership that waited for this visit, the one sold first, unless another lets in already."""
    if event.member is None:
        return
    zone = zone_of(event.store)
    day = local_day(event.occurred_at, zone)
    waiting = []
    for held in await memberships_of(event.member, day):
        why = why_not(held, event.store, event.occurred_at, zone)
        if why is None and held.starts_on is not None:
            return
        if why is None and local_day(held.sold_at, zone) <= day:
            waiting.append(held)
    if waiting:
        await start(min(waiting, key=lambda held: (held.sold_at, held.id)).id, day, store=event.store)
