"""In which stores a member is known, and taking one of them away."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel.database import execute, fetch, fetchrow, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.events import emit
from tessera.members.service.scope import need_visible
from tessera.members.service.survivors import locked
from tessera_hooks import _


async def stores_of(member: UUID) -> Sequence[UUID]:
    """The stores in which a member is known, as far as the actor may see members there."""
    here = await need_visible(member)
    seen = actor().stores_with("members.read")
    rows = await fetch("SELECT store FROM member_store WHERE member = $1 ORDER BY store", here)
    return [row["store"] for row in rows if seen is None or row["store"] in seen]


async def leave_store(member: UUID, store: UUID) -> None:
    """Take a member from a store's lists; who looks for them by phone or card finds them again.

    Needs the right to change members in that store. The home store and the last store stay.
    """
    await need_visible(member, "members.write")
    actor().needs("members.write", store)

    async def work() -> None:
        here = await need_visible(await locked(member), "members.write")
        row = await fetchrow(
            "SELECT m.store AS home, (SELECT count(*) FROM member_store s WHERE s.member = m.id) AS known "
            "FROM member m WHERE m.id = $1",
            here,
        )
        if row["home"] == store:
            _refuse(_("this is the home store: choose another one first"))
        if row["known"] < 2:
            _refuse(_("this is the only store where the member is known"))
        if await execute("DELETE FROM member_store WHERE member = $1 AND store = $2", here, store):
            await emit("member.updated", member=here, store=store, fields=["stores"])
            await audit.note("members.left_store", member=here, store=store)

    await in_transaction(work)


def _refuse(message: str) -> None:
    raise Invalid(message, [FieldError("store", message)])
