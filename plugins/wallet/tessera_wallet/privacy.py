"""What the wallet keeps of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import execute, fetch, members
from tessera_hooks import Merging, Text
from tessera_wallet.coupons import privacy as coupons
from tessera_wallet.memberships import privacy as memberships
from tessera_wallet.packs import privacy as packs
from tessera_wallet.value import privacy as value

PARTS = (coupons, memberships, value, packs)

NAMING = [named for part in PARTS for named in part.NAMING]
"""Tables of the wallet, each with a column that names a member."""

TOLD = {name: sql for part in PARTS for name, sql in part.TOLD.items()}
"""What is told of a member, whose ids are ``$1``; money in minor units."""


async def merge(merging: Merging) -> dict[str, list[UUID]]:
    """Give the survivor what names the other; answers the ids of the rows, by table and column."""
    moved = {}
    for table, column in NAMING:
        sql = f"UPDATE wallet.{table} SET {column} = $2 WHERE {column} = $1 RETURNING id"
        rows = await fetch(sql, merging.other, merging.survivor)
        moved[f"{table}.{column}"] = [row["id"] for row in rows]
    return moved


async def unmerge(merging: Merging) -> Sequence[Text]:
    """Give the other back what a merge moved, as far as it is still the survivor's; answers what stays there."""
    for table, column in NAMING:
        ids = [UUID(str(id_)) for id_ in merging.kept.get(f"{table}.{column}", ())]
        sql = f"UPDATE wallet.{table} SET {column} = $2 WHERE {column} = $1 AND id = ANY($3)"
        await execute(sql, merging.survivor, merging.other, ids)
    return [*await coupons.since(merging), *await memberships.since(merging)]


async def tell(member: UUID) -> Mapping[str, Any] | None:
    """Everything that the wallet keeps of a member; nothing where it keeps nothing."""
    ids = await members.ids_of(member)
    told = {name: [dict(row) for row in await fetch(sql, ids)] for name, sql in TOLD.items()}
    told["coupons"] = coupons.with_codes_shown(told["coupons"])
    return {name: rows for name, rows in told.items() if rows} or None


async def erase(member: UUID) -> None:
    """Take the person out; what adds up stays."""
    for part in PARTS:
        await part.erase(member)
