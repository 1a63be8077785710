"""Stored value of members who are merged, parted, told what is known of them, or erased."""

from __future__ import annotations

from uuid import UUID

from tessera.plugin import execute

NAMING = [("recharge", "member"), ("value_refund", "member"), ("value_payment", "member")]

TOLD = {
    "recharges": "SELECT id, at, currency, paid, bonus, offer_title, payments, refunded, reference "
    "FROM wallet.recharge WHERE member = ANY($1) ORDER BY at, id",
    "refunds": "SELECT id, at, currency, principal, bonus, kept, method, reason "
    "FROM wallet.value_refund WHERE member = ANY($1) ORDER BY at, id",
    "paid_with": "SELECT purchase, at, currency, principal, bonus, principal_back, bonus_back "
    "FROM wallet.value_payment WHERE member = ANY($1) ORDER BY at, id",
}


async def erase(member: UUID) -> None:
    """Take out the words; what was paid stays, for it adds up."""
    await execute("UPDATE wallet.recharge SET reference = '' WHERE member = $1", member)
    await execute("UPDATE wallet.value_refund SET reason = '' WHERE member = $1", member)
