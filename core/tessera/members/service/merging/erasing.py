"""What an erased member's merges kept is let go: nobody can be told apart again who is no longer there."""

from __future__ import annotations

from uuid import UUID

from tessera.kernel.database import execute
from tessera.members.service.survivors import ids_of


async def forget_merges(member: UUID) -> None:
    """Let go of the values and ids that merges of a member kept; part of the unit of work that erases them."""
    await execute(
        "UPDATE member_merge SET before = NULL, kept = '{}'::jsonb, choices = '{}'::jsonb WHERE survivor = ANY($1)",
        await ids_of(member),
    )
