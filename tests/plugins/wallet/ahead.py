"""Paying ahead and spending it, in few words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.kernel.database import fetchval
from tessera.kernel.plugins.state import change_plugin_settings
from tessera.plugin import ledger
from tessera.purchases import service as purchases
from tessera.purchases.service import Buyer, NewPurchase, NewReturn, Recorded
from tessera.purchases.service.contract import NewPayment
from tessera_wallet.desk import Paid
from tessera_wallet.packs.products import NewProduct, keep_product
from tessera_wallet.packs.rows import PackFacts
from tessera_wallet.packs.selling import NewPack, sell
from tessera_wallet.value.offers import NewOffer, keep_offer
from tessera_wallet.value.reading import held_in
from tessera_wallet.value.recharging import NewRecharge, recharge
from tessera_wallet.value.rows import RechargeFacts

VALUE = "wallet.stored_value"


async def offer(pay: int = 500_00, bonus: int = 50_00, **more: Any) -> UUID:
    """Pay 500 get 50, unless said otherwise."""
    return await keep_offer(NewOffer(title=f"{pay} + {bonus}", currency="CNY", pay=pay, bonus=bonus, **more))


async def paid_in(member: UUID, amount: int, bonus: int = 0, **more: Any) -> RechargeFacts:
    """Recharge an amount in cash, with a bonus by an offer of its own."""
    chosen = await offer(amount, bonus) if bonus else None
    return await recharge(
        NewRecharge(member=member, amount=amount, payments=[Paid("cash", amount)], offer=chosen, **more)
    )


async def checkout(member: UUID | None, amount: int, number: str = "R1", *, by_value: int | None = None) -> Recorded:
    """Buy for an amount: so much of it with stored value (all of it unless said), the rest in cash."""
    part = amount if by_value is None else by_value
    payments = [NewPayment(VALUE, part)] + ([NewPayment("cash", amount - part)] if amount > part else [])
    return await purchases.record_purchase(
        NewPurchase(
            source="till",
            external_id=number,
            buyer=Buyer(id=member),
            store="main",
            amount=amount,
            payments=[payment for payment in payments if payment.amount],
        )
    )


async def bring_back(purchase: UUID, amount: int | None = None, number: str = "B1", **more: Any) -> Any:
    """Return a purchase, or an amount of it."""
    return await purchases.record_return(
        NewReturn(source="till", external_id=number, purchase=purchase, store="main", amount=amount, **more)
    )


async def balance(member: UUID) -> tuple[int, int]:
    """Principal and bonus in yuan."""
    held = await held_in(member, "CNY")
    return held.principal, held.bonus


async def product(**more: Any) -> UUID:
    """Ten visits and two on top for 1 000, unless said otherwise."""
    what: dict[str, Any] = {"title": "Ten visits", "kind": "visit", "bought": 10, "gifted": 2, "price": 1000_00}
    return await keep_product(NewProduct(currency="CNY", **{**what, **more}))


async def sold(member: UUID, *, store: str | None = None, **more: Any) -> PackFacts:
    """A pack of a product of its own, paid in cash."""
    chosen = await product(**more)
    price = more.get("price", 1000_00)
    payments = [Paid("cash", price)] if price else []
    return await sell(NewPack(member=member, product=chosen, payments=payments, store=store))


async def set_wallet(**values: Any) -> None:
    """Change the wallet's settings."""
    await change_plugin_settings("wallet", values)


async def points(member: UUID) -> int:
    """Points that can be spent."""
    return await ledger.available(member, "points")


async def taken_in_cash() -> int:
    """All money that came in and went out in cash otherwise than for purchases."""
    total: int = await fetchval("SELECT coalesce(sum(amount), 0)::bigint FROM taking WHERE method = 'cash'")
    return total
