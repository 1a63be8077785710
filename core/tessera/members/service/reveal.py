"""Revealing: one sealed value for a person, whole members for a program; each is audited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tessera.access import audit, sealing
from tessera.access.actor import actor
from tessera.kernel.database import fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Forbidden, Invalid, NotFound
from tessera.members.service.fields import spoken
from tessera.members.service.scope import need_visible
from tessera.members.service.views import MemberView, revealable, shown
from tessera_hooks import _


class NothingToReveal(NotFound):
    """The member has no such value."""

    code = "nothing_to_reveal"


@dataclass(frozen=True)
class Sealed:
    """One sealed value: how it is masked, and how the audit calls it."""

    kind: str
    content: bytes
    field: str
    subject: tuple[str, UUID] | None = None

    @property
    def masked(self) -> str:
        """What anyone sees of it."""
        return str(shown(self.kind, self.content, reveal=False))

    @property
    def value(self) -> str:
        """The value itself; a choice in words."""
        text = sealing.unseal_text(self.content)
        return spoken(self.field.removeprefix("custom:"), text) if self.kind == "custom" else text


_REACHED = """
SELECT sealed FROM (
    SELECT sealed, 0 AS place, NOT is_primary AS second, id FROM identity WHERE member = $1 AND kind = $2
    UNION ALL SELECT sealed, 1, false, id FROM contact WHERE member = $1 AND kind = $2
) a ORDER BY place, second, id LIMIT 1
"""

_ONE = """
SELECT kind, sealed FROM identity WHERE id = $2 AND member = $1 AND kind <> 'list'
UNION ALL SELECT kind, sealed FROM contact WHERE id = $2 AND member = $1
"""

_CUSTOM = """
SELECT c.sealed FROM member_custom c JOIN custom_field f ON f.id = c.field WHERE c.member = $1 AND f.code = $2
"""


async def _reached_by(member: UUID, kind: str) -> Sealed | None:
    row = await fetchrow(_REACHED, member, kind)
    return Sealed(kind, row["sealed"], kind) if row else None


async def _address(member: UUID, _rest: str) -> Sealed | None:
    row = await fetchrow("SELECT address FROM member WHERE id = $1 AND address IS NOT NULL", member)
    return Sealed("address", row["address"], "address") if row else None


async def _identity(member: UUID, rest: str) -> Sealed | None:
    try:
        id_ = UUID(rest)
    except ValueError:
        return None
    row = await fetchrow(_ONE, member, id_)
    return Sealed(row["kind"], row["sealed"], f"identity:{row['kind']}", ("identity", id_)) if row else None


async def _custom(member: UUID, rest: str) -> Sealed | None:
    row = await fetchrow(_CUSTOM, member, rest)
    return Sealed("custom", row["sealed"], f"custom:{rest}") if row and row["sealed"] is not None else None


_FINDERS: dict[str, Callable[[UUID, str], Awaitable[Sealed | None]]] = {
    "phone": lambda member, _rest: _reached_by(member, "phone"),
    "email": lambda member, _rest: _reached_by(member, "email"),
    "address": _address,
    "identity": _identity,
    "custom": _custom,
}


async def reveal(member: UUID, field: str) -> str:
    """One sealed value of a member: ``phone``, ``email``, ``address``, ``identity:ID`` or ``custom:CODE``.

    Needs ``members.reveal`` in the member's store. The audit notes who saw which field of whom, never the
    value, in the transaction that reads it; many in a day raise an alarm.
    """

    async def work() -> str:
        id_ = await need_visible(member)
        row = await fetchrow("SELECT id, store FROM member WHERE id = $1", id_)
        if id_ not in await revealable([row]):
            raise Forbidden(_("You may not do this: it needs the permission {name}.", name="members.reveal"))
        found = await _found(id_, field)
        await audit.note(
            "members.revealed", member=id_, subject=found.subject, store=row["store"], fields=[found.field], rows=1
        )
        return found.value

    return await in_transaction(work)


async def masked(member: UUID, field: str) -> str:
    """What stands in the place of a value that was revealed and is hidden again."""
    return (await _found(await need_visible(member), field)).masked


async def may_reveal_of(member: UUID) -> bool:
    """Whether the actor may have values of a member revealed."""
    row = await fetchrow("SELECT id, store FROM member WHERE id = $1", await need_visible(member))
    return bool(await revealable([row]))


async def _found(member: UUID, field: str) -> Sealed:
    name, _colon, rest = field.partition(":")
    find = _FINDERS.get(name)
    if find is None:
        message = _("choose one of: {known}", known="phone, email, address, identity:ID, custom:CODE")
        raise Invalid(message, [FieldError("field", message)])
    found = await find(member, rest)
    if found is None:
        raise NothingToReveal(_("There is nothing to reveal."))
    return found


async def note_whole(views: Sequence[MemberView]) -> None:
    """Audit that a program was answered members with their values readable: once for all of an answer."""
    whole = [view for view in views if view.revealed and (view.identities or view.address)]
    homes = {view.store for view in whole}
    store = homes.pop() if len(homes) == 1 else None
    await note_shown([view.id for view in whole], _fields(whole), store=store)


async def note_shown(
    members: Sequence[UUID], fields: Sequence[str], *, store: UUID | None = None, **facts: Any
) -> None:
    """Audit that a program was answered sealed values of members; people are answered none.

    ``store`` is the members' own where they have one in common.
    """
    if not members or actor().kind != "key":
        return
    one = members[0] if len(members) == 1 else None
    await audit.note(
        "members.revealed", member=one, fields=sorted(set(fields)), rows=len(members), store=store, **facts
    )


def _fields(views: Sequence[MemberView]) -> list[str]:
    kinds = {identity.kind for view in views for identity in view.identities}
    return [*kinds, *(["address"] if any(view.address for view in views) else [])]
