"""The ledger of one member: told to that person, and brought to nothing when they are erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel import clock
from tessera.kernel.database import execute, fetch
from tessera.kernel.errors import Conflict
from tessera.members.service import ids_of
from tessera.points.ledger import ERASURE, POINTS, Cause, Posting
from tessera_hooks import _

ERASED = "erased"
"""The reason of entries that an erasure wrote or left without their words."""

BY_HAND = "manual"
"""The source of entries whose reason someone typed."""

_ENTRIES = """
SELECT e.id, e.unit, e.kind, e.amount, e.balance, e.at, e.expires_at, e.reason, e.rule, e.source, e.purchase, e.reverses
FROM entry e JOIN account a ON a.id = e.account WHERE a.member = ANY($1) ORDER BY e.id
"""
_LOTS = """
SELECT l.unit, l.amount, l.remaining, l.opens_at, l.expires_at FROM lot l JOIN account a ON a.id = l.account
WHERE a.member = ANY($1) ORDER BY l.id
"""
_DEEDS = """
SELECT d.deed, d.rule, d.at, d.store FROM deed d JOIN account a ON a.id = d.account
WHERE a.member = ANY($1) ORDER BY d.id
"""
_BALANCES = """
SELECT b.unit, sum(b.balance)::bigint AS balance, sum(b.debt)::bigint AS debt
FROM balance b JOIN account a ON a.id = b.account WHERE a.member = ANY($1) GROUP BY b.unit ORDER BY b.unit
"""
_LEFT = """
SELECT b.account, b.unit, b.balance, b.debt FROM balance b JOIN account a ON a.id = b.account
WHERE a.member = $1 AND (b.balance <> 0 OR b.debt <> 0) ORDER BY b.unit, b.account
"""


class HoldsValue(Conflict):
    """The member has something that is worth money; ``units`` says what."""

    code = "member_holds_value"


async def tell_ledger(member: UUID) -> dict[str, Any] | None:
    """Every entry and lot of a member, what they have and owe, and the deeds that earned."""
    ids = await ids_of(member)
    told = {
        name: [dict(row) for row in await fetch(sql, ids)]
        for name, sql in (("balances", _BALANCES), ("entries", _ENTRIES), ("lots", _LOTS), ("deeds", _DEEDS))
    }
    return told if told["entries"] else None


async def erase_ledger(member: UUID) -> None:
    """Book what is left to nothing and leave the words away that people typed.

    Points lapse, and what is owed is forgiven: an entry says so for each account, so that the ledger
    still adds up. Units other than points are worth money to the member: while any is left, it refuses.
    Numbers of old entries are never touched.
    """
    left = await fetch(_LEFT, member)
    worth = sorted({row["unit"] for row in left if row["unit"] != POINTS and row["balance"] > 0})
    if worth:
        raise HoldsValue(
            _("The member still has a balance: pay it out or book it off first ({units}).", units=", ".join(worth)),
            units=worth,
        )
    for row in left:
        await _close(row["account"], row["unit"])
    await execute(
        "UPDATE entry SET reason = $2 WHERE reason <> $2 AND (source = $3 OR source LIKE '%.%' AND NOT facts ? 'said') "
        "AND account IN (SELECT id FROM account WHERE member = $1)",
        member,
        ERASED,
        BY_HAND,
    )


async def _close(account: UUID, unit: str) -> None:
    posting = await Posting.open([account], unit)
    cause = Cause(reason=ERASED, source=ERASURE, at=clock.now())
    debt = posting.standings[account].debt
    if debt:
        posting.credit(account, "credit", debt, cause, expires_at=None)
    lots = [lot for lot in await posting.lots(account) if lot.remaining]
    if lots:
        posting.debit(account, "debit", [(lot, lot.remaining) for lot in lots], cause)
    await posting.write()
