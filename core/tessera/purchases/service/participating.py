"""What rooms above do in the unit of work that records a purchase or a return."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tessera.kernel import clock
from tessera.purchases.service.buyers import Holder
from tessera.purchases.service.checking import AHEAD
from tessera.purchases.service.contract import TierMoved
from tessera_hooks import Returning, Settling

OnSettled = Callable[[Settling, int], Awaitable[TierMoved | None]]
"""Awaited with a purchase and what it earned; answers a tier only where the member was moved to another."""

OnReturned = Callable[[Returning], Awaitable[None]]
"""Awaited with a return, after what the purchase had earned was taken back."""

TierTitle = Callable[[str | None], str | None]
"""How the tier with a code is called in the language in force; ``None`` is the tier one begins with."""

TierThen = Callable[[UUID, datetime, str | None], Awaitable[str | None]]
"""Awaited with a member, a moment that is over and the tier they have now; answers the one that they had then."""

_settled: list[OnSettled] = []
_returned: list[OnReturned] = []
_titles: list[TierTitle] = []
_then: list[TierThen] = []


def register_settled(callback: OnSettled) -> None:
    """Have a callback awaited for each purchase of a member, after its points are earned; not for history."""
    if callback not in _settled:
        _settled.append(callback)


def register_returned(callback: OnReturned) -> None:
    """Have a callback awaited for each return of a known purchase; not for history."""
    if callback not in _returned:
        _returned.append(callback)


def register_tier_title(title: TierTitle) -> None:
    """Say how tiers are called."""
    if title not in _titles:
        _titles.append(title)


def register_tier_then(then: TierThen) -> None:
    """Say which tier a member had at a moment."""
    if then not in _then:
        _then.append(then)


async def as_of(holder: Holder, at: datetime) -> Holder:
    """Who bought, in the tier of that moment: a sale that arrives late is one of its own day, not of today's tier."""
    tier = holder.tier
    for then in _then if at < clock.now() - AHEAD else ():
        tier = await then(holder.member, at, tier)
    return holder if tier == holder.tier else replace(holder, tier=tier)


def tier_title(code: str | None) -> str | None:
    """How a tier is called in the language in force, its code where nobody says."""
    return next((said for title in _titles if (said := title(code)) is not None), code)


async def tell_settled(settling: Settling, earned: int) -> TierMoved:
    """Tell all of a purchase; the answer is the member's tier after it."""
    moved = TierMoved(settling.tier)
    for callback in _settled:
        answer = await callback(settling, earned)
        if answer is not None and answer.changed:
            moved = answer
    return moved


async def tell_returned(returning: Returning) -> None:
    """Tell all of a return."""
    for callback in _returned:
        await callback(returning)
