"""What stored value tells: the payloads of its events, and how they read on a member's timeline."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera.plugin import translate
from tessera_hooks import Event, Happened, Text, TimelineEntry, _
from tessera_wallet.told import money, reader


class Recharged(msgspec.Struct):
    """A recharge by its id; what was paid and what was given on top, in minor units of ``currency``."""

    recharge: UUID
    amount: int
    bonus: int
    currency: str


class Refunded(msgspec.Struct):
    """A refund by its id; ``amount`` of principal and ``bonus`` left the balance, ``paid_out`` was the money."""

    refund: UUID
    recharge: UUID
    amount: int
    paid_out: int
    bonus: int
    currency: str


def _recharged(event: Happened) -> TimelineEntry:
    given = _("with a bonus of {bonus}", bonus=money(event, "bonus")) if event.payload["bonus"] else Text("")
    return TimelineEntry(
        _("Recharged {amount}", amount=money(event, "amount")), translate(given), f"/wallet/members/{event.member}"
    )


def _refunded(event: Happened) -> TimelineEntry:
    title = _("Stored value paid out: {amount}", amount=money(event, "paid_out"))
    return TimelineEntry(title, "", f"/wallet/members/{event.member}")


EVENTS = [
    Event("recharged", _("Recharge"), Recharged, icon="wallet", timeline=reader(_recharged)),
    Event("refunded", _("Stored value paid out"), Refunded, icon="cash-banknote", timeline=reader(_refunded)),
]
