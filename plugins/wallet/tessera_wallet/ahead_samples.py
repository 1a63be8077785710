"""Invented offers, packs, recharges and uses for demonstrations: the same ones every time."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from uuid import UUID

from tessera.plugin import business, current_locale, members, store_of, stores
from tessera_wallet.desk import Paid
from tessera_wallet.packs.products import NewProduct, all_products, keep_product
from tessera_wallet.packs.selling import NewPack, sell
from tessera_wallet.packs.using import use
from tessera_wallet.value.offers import NewOffer, all_offers, keep_offer
from tessera_wallet.value.recharging import NewRecharge, recharge

SEED = 20_261_122
METHODS = ("cash", "wechat", "alipay", "card")


async def create(member_ids: Sequence[UUID]) -> None:
    """Two offers and two packs; every third member recharges, every fourth buys a pack and uses some of it."""
    await _offered()
    chance = Random(SEED)
    for number, member in enumerate(member_ids):
        seen = await members.member(member)
        store = store_of(seen.store) or stores()[0]
        if store.currency != business().currency:
            continue
        method = chance.choice(METHODS)
        if number % 3 == 0 and seen.phone:
            offer = chance.choice(await all_offers())
            payments = [Paid(method, offer.pay)]
            await recharge(
                NewRecharge(member=member, amount=offer.pay, payments=payments, offer=offer.id, store=store.code)
            )
        if number % 4 == 0:
            product = chance.choice(await all_products())
            payments = [Paid(method, product.price)]
            pack = await sell(NewPack(member=member, product=product.id, payments=payments, store=store.code))
            await use(member, units=chance.randrange(1, 5), pack=pack.id, store=store.code)


async def _offered() -> None:
    """What is offered and sold, named in the language of the business."""
    chinese, currency = current_locale() == "zh_Hans", business().currency
    for pay, bonus in ((500_00, 50_00), (1000_00, 150_00)):
        title = f"充{pay // 100}送{bonus // 100}" if chinese else f"Pay {pay // 100}, get {bonus // 100} on top"
        await keep_offer(NewOffer(title=title, currency=currency, pay=pay, bonus=bonus))
    await keep_product(
        NewProduct(
            title="体验课十次卡" if chinese else "Ten classes",
            kind="class",
            kind_title="团课" if chinese else "Class",
            bought=10,
            gifted=1,
            price=880_00,
            currency=currency,
            validity="months",
            validity_n=6,
        )
    )
    await keep_product(
        NewProduct(
            title="家庭洗护二十次卡" if chinese else "Twenty treatments for the household",
            kind="treatment",
            kind_title="护理" if chinese else "Treatment",
            bought=20,
            price=1980_00,
            currency=currency,
            validity="months",
            validity_n=12,
            validity_from="first_use",
            shareable=True,
        )
    )
