"""Ending a membership before its last day: refunded for its unused days, or cancelled without money."""

from __future__ import annotations

from uuid import UUID

from tessera.plugin import FieldError, Invalid, emit, execute, in_transaction, note_audit
from tessera_hooks import _
from tessera_wallet.memberships.contract import Held
from tessera_wallet.memberships.reading import locked, note_change
from tessera_wallet.memberships.selling import check_method, refuse_over, take

_END = "UPDATE wallet.membership SET ended_on = $2, ended_as = $3, end_reason = $4 WHERE id = $1"


async def refund(
    id_: UUID, method: str, *, amount: int | None = None, reason: str = "", store: UUID | None = None
) -> int:
    """End a membership today and pay its unused days back, today's among them; answers what was paid, minor units.

    Of each term its price × unused days ÷ its days, rounded once, half up. ``amount`` pays back less.
    """

    async def work() -> int:
        held = await locked(id_)
        refuse_over(held)
        paid = held.worth if amount is None else amount
        if not 0 <= paid <= held.worth:
            message = _("what is left is worth less")
            raise Invalid(message, [FieldError("amount", message)], most=held.worth)
        check_method(method, paid)
        await execute(_END, id_, held.day, "refunded", _reason(reason))
        await take(-paid, method, held.currency, held.payer or held.member, store, id_)
        await note_change(id_, "refunded", amount=-paid)
        await _tell(held, "refunded", paid, store)
        return paid

    return await in_transaction(work)


async def cancel(id_: UUID, *, reason: str = "", store: UUID | None = None) -> None:
    """End a membership today without giving anything back."""

    async def work() -> None:
        held = await locked(id_)
        refuse_over(held)
        await execute(_END, id_, held.day, "cancelled", _reason(reason))
        await note_change(id_, "cancelled")
        await _tell(held, "cancelled", 0, store)

    await in_transaction(work)


def _reason(text: str) -> str:
    return " ".join(text.split())[:200]


async def _tell(held: Held, how: str, paid: int, store: UUID | None) -> None:
    await emit("wallet.membership_ended", member=held.member, store=store, membership=held.id, how=how, refunded=paid)
    await note_audit(
        f"wallet.membership_{how}", member=held.member, subject=("membership", held.id), store=store, amount=paid
    )
