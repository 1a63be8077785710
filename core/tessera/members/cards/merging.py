"""The button on a member's page that leads to another entry of the same person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID


async def merge_action(member: UUID | None) -> Mapping[str, Any] | None:
    """Which member it is."""
    return {"member": member} if member is not None else None
