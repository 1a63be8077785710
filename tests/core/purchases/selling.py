"""Sales and returns in few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import fetchrow
from tessera.purchases import service
from tessera.purchases.service import Buyer, NewPurchase, NewReturn, Recorded, RecordedReturn


def sale(member: UUID | None, amount: int, number: str = "R1") -> NewPurchase:
    """A sale in the main store."""
    return NewPurchase(source="till", external_id=number, buyer=Buyer(id=member), store="main", amount=amount)


async def sell(member: UUID | None, amount: int, number: str = "R1") -> Recorded:
    """Record a sale."""
    return await service.record_purchase(sale(member, amount, number))


async def bring_back(purchase: UUID, number: str = "B1", **what: Any) -> RecordedReturn:
    """Record a return of a purchase."""
    return await service.record_return(
        NewReturn(source="till", external_id=number, purchase=purchase, store="main", **what)
    )


async def stats_of(member: UUID) -> tuple[int, int, int] | None:
    """Purchases, what was spent, visits."""
    row = await fetchrow("SELECT purchases, spent, visits FROM member_stats WHERE member = $1", member)
    return tuple(row) if row else None
