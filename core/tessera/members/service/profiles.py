"""What plugins keep about a member in one row each, written together with the member.

The room above that keeps such rows registers how; members only hand over what was sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from tessera.kernel.errors import Invalid
from tessera_hooks import _

Write = Callable[[UUID, Mapping[str, Any]], Awaitable[list[str]]]

_write: Write | None = None


def register_profiles(write: Write) -> None:
    """Let a room above write profiles: ``write(member, {plugin: {name: {field: value}}})`` in the running unit of work.

    It answers the names of what changed, such as ``beauty.skin``.
    """
    global _write
    _write = write


async def write_profiles(member: UUID, given: Mapping[str, Any]) -> list[str]:
    """Write profiles of a member that is locked, and answer the names of those that changed."""
    if not given:
        return []
    if _write is None:
        raise Invalid(_("there are no profiles here"))
    return await _write(member, given)
