"""Coupons on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.plugin import actor, business, now
from tessera_hooks import Slot
from tessera_wallet.asking import last_day
from tessera_wallet.coupons.issuing import ISSUE
from tessera_wallet.coupons.reading import READ, usable_of


async def card(member: UUID | None) -> Mapping[str, Any] | None:
    """What the member can use, what is gone soonest first, and the way to give one."""
    if member is None:
        return None
    usable, may_issue = await usable_of(member, now()), actor().may(ISSUE)
    if not usable and not may_issue:
        return None
    return {"member": member, "coupons": usable[:3], "more": len(usable) - 3, **_days()}


def _days() -> Mapping[str, Any]:
    return {"zone": business().timezone, "last_day": last_day}


SLOTS = [Slot("member.card", "wallet/coupons_card.html", card, permission=READ)]
