"""Which members an actor may see: those of the stores where it may, and those it is responsible for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """The stores whose rows the actor may see; ``None`` means all."""
    stores = actor().stores_with(permission)
    return None if stores is None else sorted(stores)


def members_seen(permission: str = "members.read") -> list[UUID] | None:
    """Through what the actor may see members: stores, and itself where it may only see its own.

    ``None`` means all members. Ids are unique, so that stores and a person fit into one argument.
    """
    seen = stores_seen(permission)
    own = actor().own_with(permission)
    return seen if seen is None or own is None else [*seen, own]


def in_scope(member: str, placeholder: int) -> str:
    """The condition that keeps a query to members in scope.

    ``member`` is the column with the member's id, ``placeholder`` the number of the argument that is
    ``members_seen()``. The tables inside have long names of their own, so that none hides the caller's.

    Asked row by row, along the keys: an ``EXISTS`` behind ``OR`` may be answered from a hash of all members
    of a store, which takes half a second where a list of fifty stops after fifty of a million.
    """
    return (
        f"(${placeholder}::uuid[] IS NULL OR coalesce("
        f"(SELECT true FROM member_store scope_store WHERE scope_store.member = {member} "
        f"AND scope_store.store = ANY(${placeholder}) LIMIT 1), "
        f"(SELECT true FROM member_staff scope_staff WHERE scope_staff.member = {member} "
        f"AND scope_staff.staff = ANY(${placeholder}) LIMIT 1), false))"
    )


def present(alias: str) -> str:
    """The condition that keeps a query over ``member`` to people: not merged into another, not erased."""
    return f"({alias}.merged_into IS NULL AND {alias}.erased_at IS NULL)"


async def is_visible(member: UUID, permission: str = "members.read") -> bool:
    """Whether the member is there and the actor may see them."""
    found = await fetchval(
        f"SELECT 1 FROM member m WHERE m.id = $1 AND {present('m')} AND {in_scope('m.id', 2)}",
        member,
        members_seen(permission),
    )
    return found is not None


async def visible_among(members: Sequence[UUID], permission: str) -> list[UUID]:
    """Those of some members that the actor may see with a permission."""
    rows = await fetch(
        f"SELECT m.id FROM member m WHERE m.id = ANY($1) AND {present('m')} AND {in_scope('m.id', 2)}",
        list(members),
        members_seen(permission),
    )
    return [row["id"] for row in rows]


async def responsible_among(members: Iterable[UUID], permission: str) -> set[UUID]:
    """Those of some members whom the actor is responsible for, where it may do this for its own."""
    own = actor().own_with(permission)
    if own is None:
        return set()
    mine = "SELECT member FROM member_staff WHERE staff = $1 AND member = ANY($2)"
    return {row["member"] for row in await fetch(mine, own, list(members))}


_SURVIVOR = """
WITH RECURSIVE line AS (
    SELECT id, merged_into FROM member WHERE id = $1
    UNION ALL SELECT m.id, m.merged_into FROM member m JOIN line ON m.id = line.merged_into
)
SELECT id FROM line WHERE merged_into IS NULL
"""


async def survivor_of(member: UUID) -> UUID:
    """Who a member is today: themselves, or whom they were merged into; an unknown id is answered as it came."""
    found: UUID | None = await fetchval(_SURVIVOR, member)
    return found or member


async def need_visible(member: UUID, permission: str = "members.read") -> UUID:
    """The member's present id, which is another than asked for after a merge.

    Refuses a member that the actor may not see, as if there were none.
    """
    if await is_visible(member, permission):
        return member
    survivor = await survivor_of(member)
    if survivor == member or not await is_visible(survivor, permission):
        raise unknown()
    return survivor


def writing_stores() -> frozenset[UUID] | None:
    """The stores in which the actor may add and change members, were it only its own; ``None`` means every one."""
    someone = actor()
    whole, own = someone.stores_with("members.write"), someone.own_stores_with("members.write")
    return None if whole is None or own is None else whole | own


def home_store(wanted: UUID | None) -> UUID | None:
    """The store a new member belongs to: the one named, else where the actor works, else the only one.

    Refuses a store in which the actor may not write members.
    """
    allowed = writing_stores()
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
