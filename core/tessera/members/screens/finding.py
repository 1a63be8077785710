"""Whom a box finds that takes whatever someone types: an exact identity, part of a name, what plugins know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.kernel.errors import TooMany
from tessera.members import service
from tessera.members.service import MemberLine


@dataclass(frozen=True)
class Finding:
    """Who was found, an exact identity first; ``exact`` are those whom a complete identity leads to.

    ``refused`` is the refusal where too many identities were asked for: names still find.
    """

    lines: Sequence[MemberLine]
    exact: Sequence[UUID] = ()
    refused: TooMany | None = None


async def find_members(typed: str, *, whole: bool, limit: int = service.MOST) -> Finding:
    """Find by what was typed; ``whole`` says that it was sent, so that it may be a complete identity of any kind."""
    exact, refused = await _looked_up(typed, whole=whole)
    ids = [*exact, *await service.search_ids(typed), *await service.found_by_plugins(typed)]
    return Finding(await service.lines(list(dict.fromkeys(ids))[:limit]), exact, refused)


async def _looked_up(typed: str, *, whole: bool) -> tuple[list[UUID], TooMany | None]:
    """Whom a complete identity leads to; a refusal is told among the results, for names still find."""
    question = service.typed(typed, whole=whole)
    if question is None:
        return [], None
    try:
        return await service.look_up(question, reached_too=True), None
    except TooMany as refusal:
        return [], refusal
