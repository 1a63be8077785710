"""Money that came in or went out otherwise than for purchases and returns: recharges, packs, cash by hand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tessera.access.actor import actor
from tessera.kernel import clock, events
from tessera.kernel.database import execute, in_transaction
from tessera.kernel.errors import FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.money import minor_digits
from tessera.purchases.service.checking import LARGEST
from tessera.purchases.service.shifts import current_shift
from tessera_hooks import _

_INSERT = """
INSERT INTO taking (id, kind, subject, member, store, shift, method, amount, currency, at, actor, staff, origin, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""


async def take(
    kind: str,
    method: str,
    amount: int,
    currency: str,
    *,
    member: UUID | None = None,
    store: UUID | None = None,
    subject: UUID | None = None,
    at: datetime | None = None,
) -> UUID:
    """Note money by its method, in minor units, below zero where it went out; answers the row's id.

    ``kind`` begins with the plugin that takes it (``wallet.recharge``), ``subject`` is the plugin's own row.
    It counts in the open shift of whoever acts; what is imported is history and counts in none. Call it in
    the unit of work that books what the money was for.
    """
    minor_digits(currency)
    if amount == 0 or abs(amount) > LARGEST:
        message = _("give an amount other than zero")
        raise Invalid(message, [FieldError("amount", message)])
    if not method.strip() or len(method) > 60:
        message = _("say how it was paid")
        raise Invalid(message, [FieldError("method", message)])
    someone = actor()

    async def work() -> UUID:
        id_, origin = uuid7(), events.current_origin()
        shift = await current_shift(store) if origin == "live" else None
        await execute(
            _INSERT,
            id_,
            kind,
            subject,
            member,
            store,
            shift,
            method.strip(),
            amount,
            currency,
            at or clock.now(),
            str(someone.label),
            someone.staff_id,
            origin,
            events.current_batch(),
        )
        return id_

    return await in_transaction(work)
