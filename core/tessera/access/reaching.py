"""Whether a right reaches one member: asked by rooms that know no members, answered by the one that does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from tessera.access.actor import actor

Reaches = Callable[[UUID, str], Awaitable[bool]]

_answers: list[Reaches] = []


def answer_with(reaches: Reaches) -> None:
    """Let a room say whether the actor may do something for a member."""
    _answers[:] = [reaches]


async def reaches(member: UUID, permission: str) -> bool:
    """Whether the actor may do this for this member, through a store or because they are responsible."""
    if actor().stores_with(permission) is None:
        return True
    return all([await answer(member, permission) for answer in _answers])
