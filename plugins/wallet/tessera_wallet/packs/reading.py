"""Whose packs someone may use, what is left of them, and who used what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.plugin import NotFound, fetch, members
from tessera_hooks import _
from tessera_wallet.desk import holds_in
from tessera_wallet.packs.rows import PackFacts, in_order, packs_by
from tessera_wallet.permissions import READ


class PackUnknown(NotFound):
    """There is no such pack, or none that this actor may see."""

    code = "pack_unknown"


@dataclass(frozen=True)
class UseFacts:
    """Sessions that were used from a pack at one moment; ``by`` is who used them, by their title."""

    redemption: UUID
    pack: UUID
    member: UUID
    by: str
    units: int
    store: UUID | None
    at: datetime
    undone_at: datetime | None
    undone_because: str


async def household(member: UUID) -> list[UUID]:
    """Those who live with a member today, as far as the actor may see them."""
    links = await members.links_of(member)
    return [one.other.id for one in links if one.role == "household" and not one.ended and one.other is not None]


async def packs_of(member: UUID) -> list[PackFacts]:
    """A member's own packs, those that can be used first."""
    found = await packs_by("WHERE p.member = $1", member)
    usable = in_order([pack for pack in found if pack.state() == "open"])
    rest = sorted((pack for pack in found if pack.state() != "open"), key=lambda pack: pack.at, reverse=True)
    return [*usable, *rest]


async def usable_by(member: UUID, store: UUID | None) -> list[PackFacts]:
    """The packs that a member can use in a store, their own and those that the household shares, in order of use."""
    others = await household(member)
    sql = "WHERE p.ended_at IS NULL AND (p.member = $1 OR (p.shareable AND p.member = ANY($2)))"
    found = await packs_by(sql, member, others)
    return in_order([p for p in found if p.state() == "open" and (store is None or holds_in(p.stores, store))])


async def one_pack(pack: UUID, permission: str = READ) -> PackFacts:
    """One pack of a member whom the actor may see."""
    found = await packs_by("WHERE p.id = $1", pack)
    if not found or not await members.is_visible(found[0].member, permission):
        raise PackUnknown(_("There is no such pack."))
    return found[0]


async def holder_of(pack: UUID, permission: str = READ) -> UUID:
    """Whose pack it is."""
    return (await one_pack(pack, permission)).member


_USES = """
SELECT redemption, pack, member, units, store, at, undone_at, undone_because FROM wallet.pack_use
WHERE pack = $1 ORDER BY at DESC, id DESC LIMIT $2
"""


async def uses_of(pack: UUID, limit: int = 100) -> list[UseFacts]:
    """What was used of a pack, newest first."""
    rows = await fetch(_USES, pack, limit)
    seen = await members.visible_among(list({row["member"] for row in rows}), "members.read")
    names = {line.id: line.title for line in await members.lines(seen)}
    return [UseFacts(**dict(row), by=names.get(row["member"], "")) for row in rows]
