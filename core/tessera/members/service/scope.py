"""Which members an actor may see: those linked to the stores where it may read members."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.access import service as access
from tessera.access.actor import actor
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.errors import FieldError, Invalid, NotFound
from tessera_hooks import _


class MemberUnknown(NotFound):
    """There is no such member, or none that this actor may see; the two are never told apart."""

    code = "member_unknown"


def unknown() -> MemberUnknown:
    """The one refusal for a member that is not there for this actor."""
    return MemberUnknown(_("There is no such member."))


def stores_seen(permission: str = "members.read") -> list[UUID] | None:
    """The stores whose members the actor may see; ``None`` means all members."""
    stores = actor().stores_with(permission)
    return None if stores is None else sorted(stores)


def in_scope(member: str, placeholder: int) -> str:
    """The condition that keeps a query to members in scope.

    ``member`` is the column with the member's id, ``placeholder`` the number of the argument that is
    ``stores_seen()``.
    """
    return (
        f"(${placeholder}::uuid[] IS NULL OR EXISTS ("
        f"SELECT 1 FROM member_store s WHERE s.member = {member} AND s.store = ANY(${placeholder})))"
    )


async def is_visible(member: UUID, permission: str = "members.read") -> bool:
    """Whether the member is there and the actor may see them."""
    found = await fetchval(
        f"SELECT 1 FROM member m WHERE m.id = $1 AND {in_scope('m.id', 2)}", member, stores_seen(permission)
    )
    return found is not None


async def visible_among(members: Sequence[UUID], permission: str) -> list[UUID]:
    """Those of some members that the actor may see with a permission."""
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {in_scope('m.id', 2)}",
        list(members),
        stores_seen(permission),
    )
    return [row["id"] for row in rows]


async def need_visible(member: UUID, permission: str = "members.read") -> None:
    """Refuse a member that the actor may not see, as if there were none."""
    if not await is_visible(member, permission):
        raise unknown()


def home_store(wanted: UUID | None) -> UUID | None:
    """The store a new member belongs to: the one named, else where the actor works, else the only one.

    Refuses a store in which the actor may not write members.
    """
    allowed = actor().stores_with("members.write")
    if wanted is not None:
        if access.store_of(wanted) is None or (allowed is not None and wanted not in allowed):
            message = _("choose one of your stores")
            raise Invalid(message, [FieldError("store", message)])
        return wanted
    if actor().store is not None and (allowed is None or actor().store in allowed):
        return actor().store
    if allowed is not None:
        return min(allowed) if allowed else None
    open_stores = [store for store in access.stores() if store.active]
    return open_stores[0].id if len(open_stores) == 1 else None
