"""Correcting stored value by hand: with a reason, and who did it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from tessera.plugin import in_transaction, ledger, members, note_audit, now
from tessera_hooks import _
from tessera_wallet import units
from tessera_wallet.desk import LARGEST, checked_words, currency_of, desk_store, wrong
from tessera_wallet.permissions import ADJUST
from tessera_wallet.value.recharging import bonus_until

SOURCE = "wallet.adjustment"

Part = Literal["principal", "bonus"]


async def adjust(
    member: UUID, part: Part, amount: int, *, reason: str, store: str | None = None, currency: str | None = None
) -> UUID:
    """Add to principal or bonus, or take from it where the amount is below zero; no money changes hands.

    Answers the id of the entry.
    """
    here = await members.need_visible(member, ADJUST)
    where = desk_store(store, ADJUST)
    code, why = currency_of(where, currency), checked_words(reason)
    if not 0 < abs(amount) <= LARGEST:
        raise wrong("amount", _("give an amount other than zero"))
    unit = units.principal(code) if part == "principal" else units.bonus(code)

    async def work() -> UUID:
        holder = await members.hold(here)
        if amount > 0:
            until = bonus_until(None, now()) if part == "bonus" else None
            entry = await ledger.credit(
                holder, unit, amount, reason=why, source=SOURCE, store=where.id, expires_at=until
            )
        else:
            entry = await ledger.debit(holder, unit, -amount, reason=why, source=SOURCE, store=where.id)
        await note_audit("wallet.adjusted", member=holder, subject=("entry", entry.id), store=where.id, amount=amount)
        return entry.id

    return await in_transaction(work)
