"""Leaving: access is closed, and what someone had in hand goes to others, all in one transaction.

What a person has in hand belongs to rooms above; each says so with ``register_handover``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.access.service.api_keys import KeyFacts, keys_made_by
from tessera.access.service.roles import role
from tessera.access.service.sessions import Seat, seats
from tessera.access.service.staff import (
    OWNER,
    StaffFacts,
    keep_an_owner,
    locked,
    managed,
    managed_stores,
    not_beyond_oneself,
    one,
)
from tessera.kernel import clock, generation
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera_hooks import Text, _


@dataclass(frozen=True)
class Pile:
    """Something that one person has in hand, so many of it; ``to_role`` where a role can take it over."""

    key: str
    title: Text | str
    count: int
    to_role: bool = False


@dataclass(frozen=True)
class Heir:
    """Who takes a pile over: a colleague, a role, or, with neither, nobody in particular."""

    staff: UUID | None = None
    role: str | None = None


@dataclass(frozen=True)
class Handover:
    """How a room hands over: what lies there, and moving one pile in the running unit of work."""

    name: str
    piles: Callable[[UUID], Awaitable[Sequence[Pile]]]
    move: Callable[[UUID, str, Heir], Awaitable[int]]


@dataclass(frozen=True)
class Leaving:
    """What happens when someone leaves; piles by the name of their handover and their key."""

    person: StaffFacts
    seats: Sequence[Seat]
    keys: Sequence[KeyFacts]
    piles: Mapping[tuple[str, str], Pile]


_handovers: dict[str, Handover] = {}


def register_handover(handover: Handover) -> None:
    """Let a room take part when someone leaves."""
    _handovers[handover.name] = handover


async def leaving(staff: UUID) -> Leaving:
    """What would happen if a person left now."""
    person = await managed(staff)
    piles = {(name, pile.key): pile for name, handover in _handovers.items() for pile in await handover.piles(staff)}
    return Leaving(person, await seats(staff), await keys_made_by(staff), piles)


async def leave(
    staff: UUID, heirs: Mapping[tuple[str, str], Heir] | None = None, *, revoke: Sequence[UUID] = ()
) -> Mapping[str, int]:
    """Close someone's access at once and hand over what they had in hand; answers how much went where.

    A pile without an heir goes to nobody in particular. ``revoke`` are the API keys of theirs that end too;
    the others go on, under their own names. Refused for the last owner.
    """
    await managed(staff)
    for heir in (heirs or {}).values():
        await _check(heir, staff)

    async def work() -> Mapping[str, int]:
        person = await locked(staff)
        for code, store in person.held:
            not_beyond_oneself(code, store)
        moved: dict[str, int] = {}
        for name, handover in _handovers.items():
            for pile in await handover.piles(staff):
                heir = (heirs or {}).get((name, pile.key), Heir())
                moved[name] = moved.get(name, 0) + await handover.move(staff, pile.key, heir)
        await _close(staff)
        moved["keys"] = await _revoke(staff, revoke)
        if (OWNER, None) in person.held:
            await keep_an_owner()
        await audit.note(
            "access.staff_left", subject=("staff", staff), rows=sum(moved.values()), keys_revoked=moved["keys"]
        )
        await generation.bump()
        return moved

    moved = await in_transaction(work)
    await generation.refresh()
    return moved


async def _check(heir: Heir, leaver: UUID) -> None:
    if heir.role is not None:
        role(heir.role)
    if heir.staff is None:
        return
    stores = managed_stores()
    person = await one(heir.staff)
    works_there = stores is None or any(store is None or store in stores for _code, store in person.held)
    if heir.staff == leaver or not person.active or not works_there:
        message = _("choose someone who works here")
        raise Invalid(message, [FieldError("to", message)])


async def _close(staff: UUID) -> None:
    now = clock.now()
    await execute("UPDATE staff SET active = false, pin_hash = NULL WHERE id = $1", staff)
    await execute("DELETE FROM session WHERE staff = $1", staff)
    await execute("DELETE FROM pin_attempt WHERE staff = $1", staff)
    await execute(
        "UPDATE staff_invitation SET revoked_at = $2 WHERE staff = $1 AND used_at IS NULL AND revoked_at IS NULL",
        staff,
        now,
    )


async def _revoke(staff: UUID, keys: Sequence[UUID]) -> int:
    ended: int = await execute(
        "UPDATE api_key SET revoked_at = $3 WHERE created_by = $1 AND id = ANY($2) AND revoked_at IS NULL "
        "AND ($4::uuid[] IS NULL OR stores <@ $4)",
        staff,
        list(keys),
        clock.now(),
        managed_stores(),
    )
    return ended


def may_leave(person: StaffFacts) -> bool:
    """Whether someone is still here to leave, and is not whoever asks."""
    return person.active and person.id != actor().staff_id
