"""What the pages of the core show of treatments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tessera.plugin import latest_records, settings
from tessera_hooks import Text, _
from tessera_physio.tables import Treatment


async def summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:
    """Who left the last treatment with severe pain, and with how much."""
    severe = settings("physio").severe
    latest = await latest_records(Treatment, members)
    pains = {member: entry.values["pain_after"] for member, entry in latest.items()}
    return {m: _("pain {n}/10", n=str(pain)) for m, pain in pains.items() if pain is not None and pain >= severe}
