"""Who is responsible for a member, by role: "the member's coach"; set, handed over one by one or many at once.

What a person may do for their own members alone stands on these rows: see ``scope``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.access import audit
from tessera.access import service as access
from tessera.access.actor import actor
from tessera.access.permissions import covers_own
from tessera.access.service import StaffUnknown
from tessera.access.service.leaving import Handover, Heir, Pile
from tessera.kernel import clock
from tessera.kernel.database import fetch, fetchval, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import emit, event_row, write_events
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import host
from tessera.members.service.scope import in_scope, members_seen, need_visible
from tessera.members.service.survivors import locked
from tessera_hooks import Text, _

CHANGED = "member.responsible_changed"


@dataclass(frozen=True)
class Responsible:
    """Someone who is responsible for a member in a role."""

    role: str
    title: Text | str
    staff: UUID
    login: str
    name: str
    since: datetime


_CAN_BE = """
EXISTS (SELECT 1 FROM staff p JOIN staff_role h ON h.staff = p.id LEFT JOIN store hs ON hs.id = h.store
        WHERE p.id = {staff} AND p.active AND (h.store IS NULL OR hs.circle IN (
            SELECT st.circle FROM member_store ms JOIN store st ON st.id = ms.store WHERE ms.member = {member})))
"""
"""That someone works here, somewhere in the member's circle."""


_CHECK = f"SELECT {_CAN_BE.format(staff='$1::uuid', member='$2')}"


def title_of(role: str) -> Text | str:
    """What a role is called; its code where it is no longer there."""
    known = access.roles().get(role)
    return known.title if known else role


async def responsible_of(member: UUID) -> Mapping[str, Responsible]:
    """Who is responsible for a member, by the code of the role; those who have left are in no answer."""
    rows = await fetch(
        "SELECT r.role, r.staff, p.login, p.name, r.since FROM member_staff r JOIN staff p ON p.id = r.staff "
        "WHERE r.member = $1 AND p.active ORDER BY r.role",
        member,
    )
    return {row["role"]: Responsible(title=title_of(row["role"]), **dict(row)) for row in rows}


async def candidates(member: UUID) -> list[tuple[UUID, str]]:
    """Who can be responsible for a member: those who work in the member's circle, by name."""
    rows = await fetch(
        f"SELECT s.id, s.name FROM staff s WHERE {_CAN_BE.format(staff='s.id', member='$1')} ORDER BY s.name, s.id",
        member,
    )
    return [(row["id"], row["name"]) for row in rows]


async def set_responsible(member: UUID, role: str, staff: UUID | None) -> UUID:
    """Make someone responsible for a member in a role, or with ``None`` nobody; answers the member's present id.

    Someone who works in another circle is answered as if there were nobody.
    """
    member = await need_visible(member, "members.write")
    code = access.role(role).code
    if staff is not None and not await fetchval(_CHECK, staff, member):
        raise StaffUnknown(_("there is no such person"), field="staff")

    async def work() -> UUID:
        here = await locked(member)
        before = await fetchval("SELECT staff FROM member_staff WHERE member = $1 AND role = $2", here, code)
        if before == staff:
            return here
        await fetch("DELETE FROM member_staff WHERE member = $1 AND role = $2", here, code)
        if staff is not None:
            await _insert(here, code, staff)
        await emit(CHANGED, member=here, role=code, before=before, after=staff)
        await audit.note("members.responsible_changed", member=here, role=code)
        return here

    return await in_transaction(work)


async def _insert(member: UUID, role: str, staff: UUID) -> None:
    await fetch(
        "INSERT INTO member_staff (id, member, staff, role, actor, since) VALUES ($1, $2, $3, $4, $5, $6)",
        uuid7(),
        member,
        staff,
        role,
        str(actor().label)[:200],
        clock.now(),
    )


async def claim(member: UUID, store: UUID | None) -> None:
    """A new member of someone who may only see their own becomes one of these, in the running unit of work."""
    someone = actor()
    if someone.own_with("members.read") is None or someone.staff_id is None:
        return
    seen = someone.stores_with("members.read")
    if seen is None or (store is not None and store in seen):
        return
    known = access.roles()
    for row in await fetch("SELECT role FROM staff_role WHERE staff = $1 ORDER BY role", someone.staff_id):
        if row["role"] in known and covers_own(known[row["role"]].permissions, "members.read"):
            await _insert(member, row["role"], someone.staff_id)
            await emit(CHANGED, member=member, role=row["role"], before=None, after=someone.staff_id)
            return


_MOVE = f"""
UPDATE member_staff r SET staff = $2, actor = $5, since = $6
WHERE r.staff = $1 AND ($3::text IS NULL OR r.role = $3) AND ($4::uuid[] IS NULL OR r.member = ANY($4))
  AND {_CAN_BE.format(staff="$2::uuid", member="r.member")} AND {{scope}}
RETURNING r.member, r.role
"""


async def hand_over(
    from_staff: UUID, to_staff: UUID, role: str | None = None, members: Sequence[UUID] | None = None
) -> int:
    """Give what one person is responsible for to another: all, of one role, or of some members; answers how many.

    One statement moves them. Members whom the actor may not change, and those in whose circle the other
    does not work, stay with the first.
    """
    _refuse_same(from_staff, to_staff)
    code = access.role(role).code if role else None

    async def work() -> int:
        return await _move(from_staff, to_staff, code, members, members_seen("members.write"))

    return await in_transaction(work)


def _refuse_same(one: UUID, other: UUID) -> None:
    if one == other:
        message = _("choose someone else")
        raise Invalid(message, [FieldError("to", message)])


async def _move(
    from_staff: UUID,
    to_staff: UUID,
    role: str | None,
    members: Sequence[UUID] | None,
    seen: Sequence[UUID] | None,
) -> int:
    moved = await fetch(
        _MOVE.format(scope=in_scope("r.member", 7)),
        from_staff,
        to_staff,
        role,
        list(members) if members is not None else None,
        str(actor().label)[:200],
        clock.now(),
        list(seen) if seen is not None else None,
    )
    await write_events(
        [event_row(CHANGED, member=row["member"], role=row["role"], before=from_staff, after=to_staff) for row in moved]
    )
    await audit.note("members.handed_over", subject=("staff", from_staff), rows=len(moved))
    return len(moved)


async def counts_of(staff: UUID) -> list[tuple[str, Text | str, int]]:
    """For how many members someone is responsible, by role, among those whom the actor may change."""
    rows = await fetch(
        f"SELECT r.role, count(*) AS n FROM member_staff r WHERE r.staff = $1 AND {in_scope('r.member', 2)} "
        "GROUP BY r.role ORDER BY r.role",
        staff,
        members_seen("members.write"),
    )
    return [(row["role"], title_of(row["role"]), row["n"]) for row in rows]


async def members_of(staff: UUID, limit: int = 200) -> list[tuple[UUID, str]]:
    """The members that someone is responsible for, among those whom the actor may change, by name."""
    rows = await fetch(
        "SELECT m.id, coalesce(nullif(m.name, ''), m.number) AS title FROM member m WHERE EXISTS ("
        f"SELECT 1 FROM member_staff r WHERE r.member = m.id AND r.staff = $1) AND {in_scope('m.id', 2)} "
        "ORDER BY m.name_key, m.id LIMIT $3",
        staff,
        members_seen("members.write"),
        limit,
    )
    return [(row["id"], row["title"]) for row in rows]


async def _piles(staff: UUID) -> list[Pile]:
    rows = await fetch(
        "SELECT role, count(*) AS n FROM member_staff WHERE staff = $1 GROUP BY role ORDER BY role", staff
    )
    return [Pile(row["role"], _("Members, as {role}", role=title_of(row["role"])), row["n"]) for row in rows]


async def _move_pile(staff: UUID, role: str, heir: Heir) -> int:
    if heir.staff is not None:
        moved = await _move(staff, heir.staff, role, None, None)
        left = await fetchval("SELECT count(*) FROM member_staff WHERE staff = $1 AND role = $2", staff, role)
        if left:
            message = _("{n} of these members belong to stores in whose circle this person does not work", n=left)
            raise Invalid(message, [FieldError("to", message)])
        return moved
    rows = await fetch("DELETE FROM member_staff WHERE staff = $1 AND role = $2 RETURNING member", staff, role)
    await write_events([event_row(CHANGED, member=row["member"], role=role, before=staff, after=None) for row in rows])
    return len(rows)


HANDOVER = Handover("members", _piles, _move_pile)
"""Members are handed over by role when someone leaves."""


async def choices() -> list[tuple[str, Text | str]]:
    """The roles in which someone can be responsible: those of people who meet members."""
    behind = {"owner", "finance", "auditor", "operations"}
    enabled = [r for r in access.roles().values() if r.code not in behind and host().enabled(r.plugin)]
    return [(r.code, r.title) for r in enabled]
