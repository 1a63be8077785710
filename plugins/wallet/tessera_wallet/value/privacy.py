"""Stored value of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tessera.plugin import execute, fetch, members
from tessera_hooks import Merging, Text
from tessera_wallet.moving import give_back_rows, move_rows

TABLES = [("recharge", "member"), ("value_refund", "member"), ("value_payment", "member")]

_TOLD = {
    "recharges": "SELECT id, at, currency, paid, bonus, offer_title, payments, refunded, reference "
    "FROM wallet.recharge WHERE member = ANY($1) ORDER BY at, id",
    "refunds": "SELECT id, at, currency, principal, bonus, kept, method, reason "
    "FROM wallet.value_refund WHERE member = ANY($1) ORDER BY at, id",
    "paid_with": "SELECT purchase, at, currency, principal, bonus, principal_back, bonus_back "
    "FROM wallet.value_payment WHERE member = ANY($1) ORDER BY at, id",
}


async def move(merging: Merging) -> dict[str, list[UUID]]:
    """Give the survivor the other's recharges, refunds and payments; the balances follow with their accounts."""
    return await move_rows(TABLES, merging)


async def give_back(merging: Merging) -> Sequence[Text]:
    """Give the other what a merge moved; what was done since stays with the survivor."""
    await give_back_rows(TABLES, merging)
    return []


async def tell(member: UUID) -> Mapping[str, Any]:
    """Recharges, refunds and what was paid with them; money in minor units."""
    ids = await members.ids_of(member)
    return {name: [dict(row) for row in await fetch(sql, ids)] for name, sql in _TOLD.items()}


async def erase(member: UUID) -> None:
    """Take out the words; what was paid stays, for it adds up."""
    await execute("UPDATE wallet.recharge SET reference = '' WHERE member = $1", member)
    await execute("UPDATE wallet.value_refund SET reason = '' WHERE member = $1", member)
