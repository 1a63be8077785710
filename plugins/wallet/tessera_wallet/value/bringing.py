"""Stored value of another system: principal and bonus as they stood, taken back while nothing was built on them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tessera.plugin import Conflict, Invalid, emit, execute, fetchval, members, settings, uuid7
from tessera_hooks import Entitlement, EntitlementField, EntitlementKind, _
from tessera_wallet.desk import end_of
from tessera_wallet.settings import WalletSettings
from tessera_wallet.value.recharging import book
from tessera_wallet.value.rows import RechargeFacts


async def bring(row: Entitlement) -> UUID:
    """What a member had left, as one recharge of the past; no money is taken and no limit asked."""
    principal, bonus = int(row.values.get("principal") or 0), int(row.values.get("bonus") or 0)
    if principal < 0 or bonus < 0 or not principal + bonus:
        raise Invalid(_("give principal or bonus, neither below zero"))
    chosen: WalletSettings = settings("wallet")
    until = row.values.get("bonus_until")
    facts = RechargeFacts(
        id=uuid7(),
        member=await members.hold(row.member),
        offer=None,
        offer_title=None,
        currency=row.currency,
        paid=principal,
        bonus=bonus,
        payments=[],
        earns=chosen.earns,
        refunded=0,
        bonus_lapsed=0,
        reference=row.reference[:120],
        store=row.store,
        staff=None,
        at=row.at,
        origin="import",
        batch=row.batch,
    )
    await book(facts, end_of(until) if until else None)
    await emit(
        "wallet.recharged",
        member=facts.member,
        store=row.store,
        occurred_at=row.at,
        recharge=facts.id,
        amount=principal,
        bonus=bonus,
        currency=row.currency,
    )
    return facts.id


async def take_back(ids: Sequence[UUID]) -> None:
    """Take brought recharges away; refused where one was paid out since."""
    refunded = await fetchval("SELECT count(*) FROM wallet.value_refund WHERE recharge = ANY($1)", list(ids))
    if refunded:
        raise Conflict(_("{n} of these recharges were paid out since", n=refunded))
    await execute("DELETE FROM wallet.recharge WHERE id = ANY($1)", list(ids))


stored_value = EntitlementKind(
    "stored_value",
    _("Stored value"),
    [
        EntitlementField("principal", _("Principal"), "money", ("balance", "本金", "储值余额"), total=True),
        EntitlementField("bonus", _("Bonus"), "money", ("gift", "赠金", "赠送余额"), total=True),
        EntitlementField("bonus_until", _("Bonus valid until"), "day", ("赠金有效期",)),
    ],
    bring,
    take_back,
    names=("储值", "储值卡"),
)
