"""Recharges as rows: the one place that knows their columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class RechargeFacts(msgspec.Struct, frozen=True):
    """A row of ``recharge``; amounts in minor units of ``currency``."""

    id: UUID
    member: UUID
    offer: UUID | None
    offer_title: str | None
    currency: str
    paid: int
    bonus: int
    payments: list[dict[str, Any]]
    earns: str
    refunded: int
    bonus_lapsed: int
    reference: str
    store: UUID | None
    staff: UUID | None
    at: datetime
    origin: str
    batch: UUID | None


COLUMNS = RechargeFacts.__struct_fields__

INSERT = f"""
INSERT INTO wallet.recharge ({", ".join(COLUMNS)}) VALUES ({", ".join(f"${n + 1}" for n in range(len(COLUMNS)))})
"""
