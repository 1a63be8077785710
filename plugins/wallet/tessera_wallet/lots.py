"""What is left of a single credit in the ledger: one recharge, one pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.plugin import ledger


@dataclass(frozen=True)
class Left:
    """What of one credit can be spent now, what the clock has taken of it, and what it was in all."""

    amount: int = 0
    spendable: int = 0
    expired: int = 0


async def left_of(source_id: UUID, unit: str) -> Left:
    """What is left of the credits that one row brought."""
    lots = await ledger.lots_of(source_id, unit)
    return Left(
        amount=sum(lot.amount for lot in lots),
        spendable=sum(lot.remaining for lot in lots if lot.open),
        expired=sum(lot.expired for lot in lots),
    )


async def left_of_all(rows: Sequence[tuple[UUID, str]]) -> dict[UUID, Left]:
    """What is left of several credits, each a row and its unit."""
    return {source: await left_of(source, unit) for source, unit in rows}
