"""Money that came in or went out otherwise than for purchases and returns: recharges, packs, cash by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tessera.access import audit
from tessera.access.actor import actor
from tessera.kernel import clock, events
from tessera.kernel.database import execute, fetch, in_transaction
from tessera.kernel.errors import Conflict, FieldError, Invalid
from tessera.kernel.ids import uuid7
from tessera.kernel.money import minor_digits
from tessera.purchases.service.checking import LARGEST
from tessera.purchases.service.methods import CASH
from tessera.purchases.service.shifts import current_shift, shift
from tessera_hooks import Text, _

PUT_IN, TAKEN_OUT = "till.put_in", "till.taken_out"
"""What cash that staff move by hand is called."""

KINDS: dict[str, Text] = {PUT_IN: _("Cash put in"), TAKEN_OUT: _("Cash taken out")}

LONGEST_NOTE = 200


class NoShift(Conflict):
    """Cash is moved within a shift, and there is none open."""

    code = "no_shift"


_INSERT = """
INSERT INTO taking (id, kind, subject, member, store, shift, method, amount, currency, at, actor, staff, origin, batch,
    note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
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
    note: str = "",
) -> UUID:
    """Note money by its method, in minor units, below zero where it went out; answers the row's id.

    ``kind`` begins with the plugin that takes it (``wallet.recharge``), ``subject`` is the plugin's own row.
    It counts in the open shift of whoever acts; what is imported is history and counts in none. Call it in
    the unit of work that books what the money was for.
    """
    _check(method, amount, currency)
    someone = actor()

    async def work() -> UUID:
        id_, origin = uuid7(), events.current_origin()
        shift = await current_shift(store, at=at) if origin == "live" else None
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
            note,
        )
        return id_

    return await in_transaction(work)


def _check(method: str, amount: int, currency: str) -> None:
    minor_digits(currency)
    if amount == 0 or abs(amount) > LARGEST:
        message = _("give an amount other than zero")
        raise Invalid(message, [FieldError("amount", message)])
    if not method.strip() or len(method) > 60 or "\x00" in method:
        message = _("say how it was paid")
        raise Invalid(message, [FieldError("method", message)])


async def move_cash(amount: int, reason: str, *, store: UUID | None) -> UUID:
    """Put cash into the drawer of one's open shift, or take it out (below zero), for a reason."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_NOTE or "\x00" in reason:
        message = _("say the reason in at most 200 characters")
        raise Invalid(message, [FieldError("reason", message)])

    async def work() -> UUID:
        own = await current_shift(store)
        if own is None:
            raise NoShift(_("open a shift first: what is moved must be counted somewhere"))
        facts = await shift(own, "purchases.write")
        kind = PUT_IN if amount > 0 else TAKEN_OUT
        id_ = await take(kind, CASH, amount, facts.currency, store=store, note=reason)
        await audit.note("shifts.cash_moved", subject=("taking", id_), store=store, amount=amount)
        return id_

    return await in_transaction(work)


@dataclass(frozen=True)
class Moved:
    """Money of a shift that came otherwise than by a sale; ``note`` is the reason of what was moved by hand."""

    kind: str
    method: str
    amount: int
    currency: str
    at: datetime
    note: str


async def taken_in(shift_id: UUID) -> list[Moved]:
    """What was taken in a shift otherwise than by sales, in its order."""
    rows = await fetch(
        "SELECT kind, method, amount, currency, at, note FROM taking WHERE shift = $1 ORDER BY at, id", shift_id
    )
    return [Moved(**dict(row)) for row in rows]
