"""Selling a pack: the row with all that was agreed, its sessions in the ledger, and the money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tessera.plugin import (
    Conflict,
    actor,
    business,
    emit,
    execute,
    in_transaction,
    ledger,
    members,
    note_audit,
    now,
    uuid7,
)
from tessera_hooks import _
from tessera_wallet.desk import (
    Paid,
    as_rows,
    checked_payments,
    checked_words,
    currency_of,
    desk_store,
    holds_in,
    take_payments,
    wrong,
)
from tessera_wallet.packs.products import NewProduct, ProductFacts, check_lessons, one_product
from tessera_wallet.packs.rows import INSERT, OWN, PackFacts
from tessera_wallet.packs.validity import ends
from tessera_wallet.permissions import SELL

SOURCE = "wallet.pack"
"""The source of what a pack credits, in the ledger and among money taken."""


class NotSoldHere(Conflict):
    """The pack is not sold any more, or not in this store."""

    code = "not_sold_here"


@dataclass(frozen=True, kw_only=True)
class NewPack:
    """A pack as it is sold: ``price`` in minor units is what is paid, the product's where it is left out."""

    member: UUID
    product: UUID
    payments: Sequence[Paid]
    price: int | None = None
    payer: UUID | None = None
    store: str | None = None
    reference: str = ""


async def sell(new: NewPack) -> PackFacts:
    """Sell a pack to a member; someone else may pay for it."""
    member = await members.need_visible(new.member, SELL)
    payer = await members.need_visible(new.payer, "members.read") if new.payer else None
    store = desk_store(new.store, SELL)
    product = await one_product(new.product)
    if not product.active or not holds_in(product.stores, store.id) or product.currency != currency_of(store):
        raise NotSoldHere(_("This pack is not sold here."))
    price = product.price if new.price is None else new.price
    if not 0 <= price <= product.price:
        raise wrong("price", _("at most the price of the pack"))
    payments = checked_payments(new.payments, price)
    reference = checked_words(new.reference, "reference", needed=False)
    _keep_to_law(product, price)

    async def work() -> PackFacts:
        held = await members.hold_all([one for one in (member, payer) if one])
        row = _row(product, held[member], held.get(payer) if payer else None, price, payments, store.id, reference)
        await book(row, row.held)
        await take_payments(
            SOURCE, payments, row.currency, member=row.member, store=store.id, subject=row.id, at=row.at
        )
        await emit(
            "wallet.pack_sold",
            member=row.member,
            store=store.id,
            pack=row.id,
            units=row.held,
            amount=price,
            currency=row.currency,
        )
        subject = ("pack", row.id)
        await note_audit("wallet.pack_sold", member=row.member, subject=subject, store=store.id, amount=price)
        return msgspec.structs.replace(row, left=row.held)

    return await in_transaction(work)


def _keep_to_law(product: ProductFacts, price: int) -> None:
    """The limits as they are set today: a product may have been written down under others."""
    if product.lessons:
        same = {name: getattr(product, name) for name in NewProduct.__dataclass_fields__ if name != "price"}
        check_lessons(NewProduct(**same, price=price))


def _row(
    product: ProductFacts,
    member: UUID,
    payer: UUID | None,
    price: int,
    payments: Sequence[Paid],
    store: UUID,
    reference: str,
) -> PackFacts:
    at = now()
    from_purchase = product.validity_from == "purchase"
    same = ("title", "kind", "kind_title", "bought", "gifted", "currency", "validity", "validity_n", "validity_from")
    return PackFacts(
        id=uuid7(),
        member=member,
        payer=payer,
        product=product.id,
        price=price,
        payments=as_rows(payments),
        stores=product.stores,
        shareable=product.shareable,
        first_used_at=None,
        expires_at=ends(product.validity, product.validity_n, at, business().timezone) if from_purchase else None,
        ended_at=None,
        refunded=0,
        reference=reference,
        store=store,
        staff=actor().staff_id,
        at=at,
        origin="live",
        batch=None,
        **{name: getattr(product, name) for name in same},
    )


async def book(row: PackFacts, left: int, at: datetime | None = None) -> None:
    """Write a pack and credit what it holds."""
    await execute(INSERT, *(getattr(row, name) for name in OWN), row.kind)
    if left:
        await ledger.credit(
            row.member,
            row.unit,
            left,
            reason=_("Pack sold"),
            source=SOURCE,
            source_id=row.id,
            store=row.store,
            at=at,
            expires_at=row.expires_at,
            facts={"title": row.title, "bought": row.bought, "gifted": row.gifted},
        )
