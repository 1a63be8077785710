"""What the wallet keeps of members who are merged, parted, told what is known of them, or erased: part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera_hooks import Merging, Text
from tessera_wallet.coupons import privacy as coupons
from tessera_wallet.memberships import privacy as memberships
from tessera_wallet.packs import privacy as packs
from tessera_wallet.value import privacy as value

PARTS = (coupons, memberships, value, packs)


async def merge(merging: Merging) -> Mapping[str, Any]:
    """Move everything of the other to the survivor; answers what was moved, by kind."""
    moved: dict[str, Any] = {}
    for part in PARTS:
        moved |= await part.move(merging)
    return moved


async def unmerge(merging: Merging) -> Sequence[Text]:
    """Give the other back what was moved; answers what stays with the survivor."""
    return [said for part in PARTS for said in await part.give_back(merging)]


async def tell(member: UUID) -> Mapping[str, Any] | None:
    """Everything that the wallet keeps of a member; nothing where it keeps nothing."""
    told = {"coupons": await coupons.tell(member), "memberships": await memberships.tell(member)}
    told |= {**await value.tell(member), **await packs.tell(member)}
    return {name: rows for name, rows in told.items() if rows} or None


async def erase(member: UUID) -> None:
    """Take the person out; what adds up stays."""
    for part in PARTS:
        await part.erase(member)
