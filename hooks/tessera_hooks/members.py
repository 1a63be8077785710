"""Members as a plugin meets them: found, summed up, merged and parted, told what is known of them, erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from tessera_hooks.marking import hookspec
from tessera_hooks.texts import Text


@dataclass(frozen=True)
class Merging:
    """Two members who are one person: ``other`` goes into ``survivor``.

    ``choices`` says from whom each field was taken where people chose. ``kept`` is, while a merge is
    undone, what the same plugin answered when it was made; before that it is empty. ``force`` says that an
    undo is wanted though something was built on what the other brought.
    """

    merge: UUID
    survivor: UUID
    other: UUID
    choices: Mapping[str, Literal["survivor", "other"]] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False


@hookspec
async def search_members(q: str, limit: int) -> Sequence[UUID]:  # type: ignore[empty-body]
    """Find members by what the plugin keeps: a plate, a chip, a pupil's number.

    Called for what is typed into the box that finds members, after the core has looked; at most
    ``limit`` answers, the best first. Tessera leaves out those whom the person may not see.

    Example::

        @hookimpl
        async def search_members(q, limit):
            return await service.holders_of_locker(q, limit)
    """


@hookspec
async def member_summaries(members: Sequence[UUID]) -> Mapping[UUID, Text]:  # type: ignore[empty-body]
    """Say in a few words what the plugin knows of each of many members.

    Called once for a list of members; members left out have nothing to say. The words of all plugins
    stand beside each other.

    Example::

        @hookimpl
        async def member_summaries(members):
            return await service.last_tests(members)
    """


@hookspec
async def merge_members(merging: Merging) -> Mapping[str, Any] | None:
    """Move what the plugin keeps of one member to another.

    Called inside the transaction that merges two members, one plugin after another; both members are
    locked. The plugin moves its own rows from ``merging.other`` to ``merging.survivor`` and answers what it
    needs to give them back, as JSON of ids, codes and numbers, never of personal values. Record types are
    moved by Tessera, as their ``on_merge`` says. A domain error refuses the merge. A plugin that is
    disabled is called too, for its rows are only hidden; one that was removed has none.

    Example::

        @hookimpl
        async def merge_members(merging):
            return {"lockers": await service.move_lockers(merging.other, merging.survivor)}
    """


@hookspec
async def undo_merge(merging: Merging) -> Sequence[Text] | None:
    """Give back what a merge moved.

    Called inside the transaction that undoes the merge, one plugin after another, disabled ones too;
    ``merging.kept`` is what the plugin's ``merge_members`` answered, empty where that was nothing. What
    is gone since is not made anew, and what happened to the survivor since stays with the survivor: the
    answer says what that is, a few words each. A domain error refuses the undo, unless ``merging.force``
    asks for the nearest that is possible.

    Example::

        @hookimpl
        async def undo_merge(merging):
            await service.give_back_lockers(merging.kept["lockers"], merging.other)
    """


@hookspec
async def export_member(member: UUID) -> Mapping[str, Any] | None:
    """Tell everything that the plugin keeps of a member, for a request of that person.

    Called when all that is known of one member is exported; the answer is plain JSON and stands under
    the plugin's name. Record types are told by Tessera.

    Example::

        @hookimpl
        async def export_member(member):
            return {"lockers": await service.lockers_of(member)}
    """


@hookspec
async def erase_member(member: UUID) -> None:
    """Take the person out of what the plugin keeps.

    Called inside the transaction that erases a member. Rows that something else adds up (money, stock)
    stay without the person; all others go. Record types are erased by Tessera.

    Example::

        @hookimpl
        async def erase_member(member):
            await service.empty_lockers(member)
    """
