"""Redemptions: one, those of a member, and those that wait to be picked up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import fetch, fetchrow
from tessera.members.service import need_visible
from tessera.members.service.scope import MemberUnknown, in_scope, members_seen
from tessera.points.rewards.codes import typed
from tessera.points.rewards.service.contract import RedemptionFacts, RedemptionUnknown
from tessera_hooks import _

_SELECT = """
SELECT d.id, r.code AS reward, r.title, d.kind, d.detail, d.member, d.account, d.entry, d.points, d.store, d.actor,
       d.code, d.status, d.given, d.at, d.handed_over_at, d.handed_over_by, d.cancelled_at, d.cancelled_by, d.reason
FROM redemption d JOIN reward r ON r.id = d.reward
"""


async def redemption(id_: UUID, permission: str = "points.read") -> RedemptionFacts:
    """A redemption of a member whom the actor may see."""
    row = await fetchrow(f"{_SELECT} WHERE d.id = $1", id_)
    if row is None:
        raise _unknown()
    try:
        await need_visible(row["member"], permission)
    except MemberUnknown:
        raise _unknown() from None
    return _facts(row)


async def redemptions(
    *,
    member: UUID | None = None,
    code: str | None = None,
    status: str | None = None,
    store: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[RedemptionFacts]:
    """Redemptions of members whom the actor may see, the newest first."""
    rows = await fetch(
        f"{_SELECT} WHERE ($1::uuid IS NULL OR d.member = $1) AND ($2::text IS NULL OR d.code = $2) "
        "AND ($3::text IS NULL OR d.status = $3) AND ($4::uuid IS NULL OR d.store = $4) "
        f"AND ($5::uuid IS NULL OR d.id < $5) AND {in_scope('d.member', 6)} ORDER BY d.id DESC LIMIT $7",
        member,
        typed(code) if code is not None else None,
        status,
        store,
        before,
        members_seen("points.read"),
        limit,
    )
    return [_facts(row) for row in rows]


def _facts(row: Any) -> RedemptionFacts:
    return RedemptionFacts(**dict(row))


def _unknown() -> RedemptionUnknown:
    return RedemptionUnknown(_("There is no such redemption."))
