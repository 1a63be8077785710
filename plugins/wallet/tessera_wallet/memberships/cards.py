"""Memberships on a member's page and at the till."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tessera.plugin import actor, settings
from tessera_hooks import Slot, Text, _
from tessera_wallet.memberships.contract import READ, WRITE, Held
from tessera_wallet.memberships.entering import entitled
from tessera_wallet.memberships.reading import memberships_of

RECENTLY = timedelta(days=60)
"""For so long after its last day it is said that a membership has expired."""


async def card(member: UUID | None) -> Mapping[str, Any] | None:
    """What runs, with its state and the days left, and the way to sell one."""
    if member is None:
        return None
    found = [held for held in await memberships_of(member) if held.is_running or _recent(held)]
    may_sell = actor().may(WRITE)
    return {"member": member, "memberships": found[:3], "may_sell": may_sell} if found or may_sell else None


def _recent(held: Held) -> bool:
    return held.state == "expired" and held.ends_on is not None and held.day - held.ends_on <= RECENTLY


async def warning(member: UUID | None) -> Mapping[str, Any] | None:
    """What should be said before all else: on hold, expired, or about to."""
    said = await _said(member)
    return {"said": said} if said else None


async def _said(member: UUID | None) -> list[Text]:
    if member is None:
        return []
    found = await memberships_of(member)
    running = [held for held in found if held.is_running]
    if not running:
        return [_expired(held) for held in found if _recent(held)][:1]
    near = settings("wallet").membership_days_before
    return [text for held in running if (text := _worth_saying(held, near)) is not None]


def _expired(held: Held) -> Text:
    until = held.ends_on.isoformat() if held.ends_on else "–"
    return _('"{title}" expired after {day}', title=held.product.title, day=until)


def _worth_saying(held: Held, near: int) -> Text | None:
    title = held.product.title
    if held.state == "held":
        until = next(until for since, until in held.spans if since <= held.day <= until)
        return _('"{title}" is on hold until {day}', title=title, day=until.isoformat())
    if held.days_left is not None and held.days_left <= near and held.ends_on is not None:
        return _('"{title}" ends on {day}', title=title, day=held.ends_on.isoformat())
    return None


async def at_till(member: UUID | None) -> Mapping[str, Any] | None:
    """Whether they may enter here now, and until when; what stands above as a warning is not said again."""
    if member is None:
        return None
    running: Sequence[Held] = [held for held in await memberships_of(member) if held.is_running]
    if not running:
        return None
    found, warned = await entitled(member, actor().store), await _said(member)
    reasons = [reason for reason in found.reasons if reason not in warned]
    return {"member": member, "entry": found, "reasons": reasons} if found.may or reasons else None


SLOTS = [
    Slot("member.card", "wallet/memberships_card.html", card, permission=READ),
    Slot("member.warning", "wallet/memberships_warning.html", warning, permission=READ),
    Slot("till.customer", "wallet/memberships_till.html", at_till, permission=READ),
]
