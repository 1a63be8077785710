"""The till on a member's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID


async def to_the_till(member: UUID | None) -> Mapping[str, Any] | None:
    """The button that takes a member to the till."""
    return {"member": member} if member is not None else None
