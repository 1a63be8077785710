"""Paying purchases with stored value, and giving it back when they are returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.plugin import Conflict, Invalid, execute, fetch, fetchrow, ledger, say_money, settings, uuid7
from tessera_hooks import Returning, Settled, Settling, _
from tessera_wallet import units
from tessera_wallet.settings import WalletSettings
from tessera_wallet.value.reading import held_in
from tessera_wallet.value.splitting import back, split

METHOD = "wallet.stored_value"
"""The payment method as purchases name it, and the source of what it books."""


class TooLittleStoredValue(Conflict):
    """The member has less stored value than is to be paid with it; ``available`` says how much."""

    code = "insufficient_balance"


@dataclass(frozen=True)
class Drawn:
    """What a purchase took, by unit, with the entries that took it."""

    principal: int
    bonus: int
    principal_entry: UUID | None
    bonus_entry: UUID | None
    not_earning: int


async def holds(member: UUID, _store: UUID | None, currency: str) -> int | None:
    """How much a member could pay, principal and bonus together; nothing to offer where there is none."""
    return (await held_in(member, currency)).total or None


async def not_earning(member: UUID, _store: UUID | None, currency: str, amount: int) -> int:
    """How much of an amount would earn nothing if it were paid so now; reads and locks nothing."""
    held = await held_in(member, currency)
    chosen: WalletSettings = settings("wallet")
    principal, bonus = split(min(amount, held.total), held.principal, held.bonus, chosen.spend_order)
    parts = await ledger.would_draw(member, units.principal(currency), principal) if principal else []
    return bonus + await _silent(parts, principal)


async def settle(purchase: Settling) -> Settled | None:
    """Take what is paid with stored value, in the running transaction.

    Both balances are locked before anything is read, so that parallel checkouts see what the others left.
    """
    amount = sum(tender.amount for tender in purchase.tenders if tender.method == METHOD)
    if not amount:
        return None
    if purchase.member is None:
        raise Invalid(_("stored value needs a member: say who pays"))
    payer = purchase.member
    await ledger.hold(payer, [units.bonus(purchase.currency), units.principal(purchase.currency)])
    held = await held_in(payer, purchase.currency)
    if held.total < amount:
        raise TooLittleStoredValue(
            _(
                "only {available} of stored value are there, {amount} are to be paid",
                available=say_money(held.total, purchase.currency),
                amount=say_money(amount, purchase.currency),
            ),
            available=held.total,
        )
    chosen: WalletSettings = settings("wallet")
    drawn = await _draw(purchase, payer, *split(amount, held.principal, held.bonus, chosen.spend_order))
    await _write(purchase, drawn)
    return Settled(tenders=(METHOD,), not_earning=drawn.not_earning)


async def _draw(purchase: Settling, payer: UUID, principal: int, bonus: int) -> Drawn:
    entries: dict[str, UUID] = {}
    for name, unit, amount in (
        ("bonus", units.bonus(purchase.currency), bonus),
        ("principal", units.principal(purchase.currency), principal),
    ):
        if amount:
            entry = await ledger.debit(
                payer,
                unit,
                amount,
                reason=_("Purchase"),
                source=METHOD,
                source_id=purchase.purchase,
                purchase=purchase.purchase,
                store=purchase.store,
                facts={"currency": purchase.currency},
            )
            entries[name] = entry.id
    parts = await ledger.drawn(entries["principal"]) if principal else []
    silent = bonus + await _silent(parts, principal)
    return Drawn(principal, bonus, entries.get("principal"), entries.get("bonus"), silent)


_EARNS = "SELECT id, earns FROM wallet.recharge WHERE id = ANY($1)"


async def _silent(parts: Sequence[ledger.Drawn], amount: int) -> int:
    """How much of an amount of principal earns nothing: its recharge has earned, or never does.

    Looked up recharge by recharge: what earns may have been set otherwise when the money was paid in.
    """
    sources = [part.source_id for part in parts if part.source_id is not None]
    earns = {row["id"]: row["earns"] for row in await fetch(_EARNS, sources)}
    chosen: WalletSettings = settings("wallet")
    earning = sum(part.amount for part in parts if earns.get(part.source_id, chosen.earns) == "spending")
    return amount - earning


_INSERT = """
INSERT INTO wallet.value_payment
    (id, purchase, member, currency, principal, bonus, principal_entry, bonus_entry, not_earning, store, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def _write(purchase: Settling, drawn: Drawn) -> None:
    await execute(
        _INSERT,
        uuid7(),
        purchase.purchase,
        purchase.member,
        purchase.currency,
        drawn.principal,
        drawn.bonus,
        drawn.principal_entry,
        drawn.bonus_entry,
        drawn.not_earning,
        purchase.store,
        purchase.at,
    )


_PAYMENT = """
SELECT principal, bonus, principal_entry, bonus_entry, principal_back, bonus_back
FROM wallet.value_payment WHERE purchase = $1 FOR UPDATE
"""

_GIVEN = """
UPDATE wallet.value_payment SET principal_back = principal_back + $2, bonus_back = bonus_back + $3 WHERE purchase = $1
"""


async def give_back(returning: Returning) -> None:
    """Give back what goes back by this method, into the very lots it came from, principal and bonus in proportion."""
    amount = sum(refund.amount for refund in returning.refunds if refund.method == METHOD)
    if not amount:
        return
    row = await fetchrow(_PAYMENT, returning.purchase)
    left = row["principal"] + row["bonus"] - row["principal_back"] - row["bonus_back"] if row else 0
    if amount > left:
        raise Invalid(
            _(
                "only {left} of this purchase were paid with stored value and can go back to it",
                left=say_money(left, returning.currency),
            )
        )
    principal, bonus = back(amount, row["principal"], row["bonus"], row["principal_back"], row["bonus_back"])
    for entry, part in ((row["bonus_entry"], bonus), (row["principal_entry"], principal)):
        if part:
            await ledger.reverse(
                entry,
                reason=_("Return"),
                amount=part,
                source=METHOD,
                source_id=returning.purchase_return,
                store=returning.store,
            )
    await execute(_GIVEN, returning.purchase, principal, bonus)
