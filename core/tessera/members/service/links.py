"""What members are to each other: guardian, payer, household, employer, who invited whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock
from tessera.kernel.business import business
from tessera.kernel.database import execute, fetch, fetchrow, fetchval, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.members.labels import TIES
from tessera.members.normalise import plain
from tessera.members.service.create import NewMember, create_member
from tessera.members.service.scope import need_visible, present, unknown, visible_among
from tessera.members.service.views import MemberLine, lines
from tessera_hooks import _

LONGEST_LABEL = 100

ROLES: Mapping[str, tuple[str, bool]] = {
    "guardian": ("guardian", False),
    "child": ("guardian", True),
    "payer": ("payer", False),
    "paid_for": ("payer", True),
    "household": ("household", False),
    "employer": ("employer", False),
    "employee": ("employer", True),
    "referrer": ("referrer", False),
    "referred": ("referrer", True),
}
"""What the other is to the member: the kind of the link, and whether it stands with the other."""


class LinkUnknown(NotFound):
    """The member has no such link."""

    code = "link_unknown"


class GuardianCircle(Conflict):
    """Someone would be their own guardian, perhaps by way of others."""

    code = "guardian_circle"


@dataclass(frozen=True)
class LinkView:
    """One link as it is seen from one of its ends; ``role`` is what the other is to this member.

    ``other`` is ``None`` for an employer who is a name alone; ``label`` says more, such as "mother".
    """

    id: UUID
    kind: str
    role: str
    other: MemberLine | None
    label: str
    since: date | None
    until: date | None
    ended: bool

    @property
    def title(self) -> str:
        """Whom it leads to, in words."""
        return self.other.title if self.other is not None else self.label


_LINKS = """
SELECT l.id, l.kind, l.label, l.since, l.until, l.member = $1 AS own,
    CASE WHEN l.member = $1 THEN l.other ELSE l.member END AS other
FROM member_link l WHERE l.member = $1 OR l.other = $1 ORDER BY l.until IS NOT NULL, l.kind, l.id
"""


async def links_of(member: UUID) -> list[LinkView]:
    """The links of a member to others whom the actor may see, those that hold before those that have ended."""
    here = await need_visible(member)
    rows = await fetch(_LINKS, here)
    seen = await visible_among([row["other"] for row in rows if row["other"] is not None], "members.read")
    others = {line.id: line for line in await lines(seen)}
    today = business().today()
    return [
        LinkView(
            id=row["id"],
            kind=row["kind"],
            role=_role(row["kind"], own=row["own"]),
            other=others.get(row["other"]),
            label=row["label"],
            since=row["since"],
            until=row["until"],
            ended=row["until"] is not None and row["until"] < today,
        )
        for row in rows
        if row["other"] is None or row["other"] in others
    ]


_REFERRER = """
SELECT l.other FROM member_link l JOIN member o ON o.id = l.other
WHERE l.member = $1 AND l.kind = 'referrer' AND o.erased_at IS NULL AND o.merged_into IS NULL
ORDER BY l.created_at, l.id LIMIT 1
"""


async def referrer_of(member: UUID) -> UUID | None:
    """Who invited a member: of several the one who was named first; for rules, not for a page."""
    found: UUID | None = await fetchval(_REFERRER, member)
    return found


def _role(kind: str, *, own: bool) -> str:
    return next(role for role, (of, turned) in ROLES.items() if of == kind and (turned != own or kind == "household"))


async def link(
    member: UUID,
    role: str,
    other: UUID | None = None,
    *,
    label: str = "",
    since: date | None = None,
    until: date | None = None,
) -> UUID:
    """Note what ``other`` is to a member (a key of ``ROLES``), and answer the link's id.

    Both must be the actor's to see, and the member theirs to change. The same link again takes the new
    label and dates. Nobody becomes their own guardian, by way of however many others. An employer may
    be a name alone, in ``label``.
    """
    label = plain(label)
    _check(role, other, label, since, until)
    here = await need_visible(member, "members.write")
    there = await need_visible(other) if other is not None else None

    async def work() -> UUID:
        ends = await _locked(here, there)
        kind, turned = ROLES[role]
        of, is_ = (ends[1], ends[0]) if turned else ends
        if kind == "household":
            of, is_ = sorted(ends, key=str)
        if kind == "guardian":
            await _refuse_circle(of, is_)
        id_, done = await _write(of, is_, kind, label, since, until)
        if done == "made":
            await _noted("linked", id_, kind, of, is_)
        elif done == "changed":
            await _audited("link_changed", id_, kind, of, is_)
        return id_

    return await in_transaction(work)


async def link_new(member: UUID, role: str, new: NewMember, *, label: str = "") -> UUID:
    """Make someone a prospect who is known so far by what they are to a member, and link the two."""

    async def work() -> UUID:
        other = await create_member(replace(new, stage="prospect"))
        return await link(member, role, other, label=label)

    return await in_transaction(work)


def _check(role: str, other: UUID | None, label: str, since: date | None, until: date | None) -> None:
    wrong = []
    if role not in ROLES:
        wrong.append(FieldError("kind", _("choose one of: {known}", known=", ".join(ROLES))))
    elif other is None and (role != "employer" or not label):
        wrong.append(FieldError("member", _("say which member; an employer may be a name alone")))
    if len(label) > LONGEST_LABEL:
        wrong.append(FieldError("label", _("at most {limit} characters", limit=LONGEST_LABEL)))
    if since is not None and until is not None and until < since:
        wrong.append(FieldError("until", _("this lies before the beginning")))
    if wrong:
        raise Invalid(wrong[0].message, wrong)


async def _locked(here: UUID, there: UUID | None) -> tuple[Any, Any]:
    """Both ends, locked in the order of their ids; refused where one is no longer there."""
    if here == there:
        message = _("nobody is linked to themselves")
        raise Invalid(message, [FieldError("member", message)])
    wanted = [one for one in (here, there) if one is not None]
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {present('m')} ORDER BY m.id FOR UPDATE", wanted
    )
    if len(rows) != len(wanted):
        raise unknown()
    return here, there


_CIRCLE = """
WITH RECURSIVE above AS (
    SELECT $1::uuid AS id
    UNION SELECT l.other FROM member_link l JOIN above a ON l.member = a.id WHERE l.kind = 'guardian'
)
SELECT 1 FROM above WHERE id = $2
"""


async def _refuse_circle(member: UUID, guardian: UUID) -> None:
    """Refuse a guardian who stands below the member.

    One such link is written at a time: two that are apart could close a circle over four members together,
    and neither would see the other.
    """
    await execute("SELECT pg_advisory_xact_lock(hashtext('tessera.guardians'))")
    if await fetchval(_CIRCLE, guardian, member):
        raise GuardianCircle(_("The other way round they are linked already: nobody is their own guardian."))


async def _write(
    member: UUID, other: UUID | None, kind: str, label: str, since: date | None, until: date | None
) -> tuple[UUID, Literal["made", "changed", "same"]]:
    known = await fetchrow(
        "SELECT id FROM member_link WHERE member = $1 AND kind = $2 AND "
        "CASE WHEN $3::uuid IS NULL THEN other IS NULL AND label = $4 ELSE other = $3 END",
        member,
        kind,
        other,
        label,
    )
    if known is not None:
        changed = await execute(
            "UPDATE member_link SET label = $2, since = $3, until = $4 "
            "WHERE id = $1 AND (label, since, until) IS DISTINCT FROM ($2, $3, $4)",
            known["id"],
            label,
            since,
            until,
        )
        return known["id"], "changed" if changed else "same"
    id_ = uuid7()
    await execute(
        "INSERT INTO member_link (id, member, other, kind, label, since, until, actor, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id_,
        member,
        other,
        kind,
        label,
        since,
        until,
        str(actor().label)[:200],
        clock.now(),
    )
    return id_, "made"


async def unlink(member: UUID, link_id: UUID) -> None:
    """Take a link away; both ends' stories keep that it was there."""
    here = await need_visible(member, "members.write")

    async def work() -> None:
        row = await fetchrow(
            "DELETE FROM member_link WHERE id = $1 AND (member = $2 OR other = $2) RETURNING kind, member, other",
            link_id,
            here,
        )
        if row is None:
            raise LinkUnknown(_("The member has no such link."))
        await _noted("unlinked", link_id, row["kind"], row["member"], row["other"])

    await in_transaction(work)


async def _noted(what: str, link_id: UUID, kind: str, member: UUID, other: UUID | None) -> None:
    """Tell both ends' stories and the audit; ids and the kind, no names."""
    for one, counterpart, own in ((member, other, True), (other, member, False)):
        if one is not None:
            await emit(f"member.{what}", member=one, role=_role(kind, own=own), other=counterpart)
    await _audited(what, link_id, kind, member, other)


async def _audited(what: str, link_id: UUID, kind: str, member: UUID, other: UUID | None) -> None:
    for one in (member, other):
        if one is not None:
            await audit.note(f"members.{what}", member=one, subject=("member_link", link_id), kind=kind)


def role_labels() -> list[tuple[str, Any]]:
    """What the other may be to a member, for a form."""
    return [(role, TIES[role]) for role in ROLES]
