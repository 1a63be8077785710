"""What a member has paid ahead, on the member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tessera.plugin import actor, business
from tessera_wallet.asking import last_day, where
from tessera_wallet.packs.reading import usable_by
from tessera_wallet.permissions import RECHARGE, REDEEM, SELL
from tessera_wallet.value.reading import Held, held


async def wallet_card(member: UUID | None) -> Mapping[str, Any] | None:
    """Stored value, packs that can be used here with what is left, and what can be done."""
    if member is None:
        return None
    someone = actor()
    return {
        "member": member,
        "values": [one for one in await held(member) if one.total] or [Held(business().currency, 0, 0)],
        "packs": await usable_by(member, someone.store),
        "zone": business().timezone,
        "last_day": last_day,
        "asks_store": bool(where()["stores"]),
        "may_recharge": someone.may(RECHARGE),
        "may_sell": someone.may(SELL),
        "may_redeem": someone.may(REDEEM),
    }
