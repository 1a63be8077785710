"""Someone's time at a till: opened with what is in the drawer, ended with what was counted."""

from __future__ import annotations

from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel.database import fetchval

_CURRENT = """
SELECT id FROM shift WHERE staff = $1 AND store IS NOT DISTINCT FROM $2 AND closed_at IS NULL FOR SHARE
"""


async def current_shift(store: UUID | None, staff: UUID | None = None) -> UUID | None:
    """The open shift of someone in a store, of whoever acts unless ``staff`` is given; ``None`` without one.

    Ask inside the unit of work that sells: the shift cannot end before that is over, and one that ends at
    this moment is waited for and no longer answered.
    """
    who = staff or actor().staff_id
    if who is None:
        return None
    found: UUID | None = await fetchval(_CURRENT, who, store)
    return found
