"""Taking an import of balances back: every entry gets its opposite."""

from __future__ import annotations

from uuid import UUID

from tessera.members.imports import Undone, refuse_if
from tessera.points.service.undoing import PointsInUse, undo_batch


async def undo_balances(batch: UUID) -> Undone:
    """Reverse what an import booked; refused where something of it was spent since."""
    return Undone(batch, await reverse_entries(batch), 0)


async def reverse_entries(batch: UUID) -> int:
    """Reverse the entries of an import, and answer how many; refused, with the reason, where they are in use."""
    try:
        return await undo_batch(batch)
    except PointsInUse as refusal:
        refuse_if([refusal.text])
        return 0
