"""Invented memberships for demonstrations: running, on hold, about to expire, waiting for the first visit, expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from tessera.plugin import business, current_locale, emit, stores
from tessera_wallet.memberships.holding import hold
from tessera_wallet.memberships.products import NewProduct, make_product, product_named
from tessera_wallet.memberships.reading import note_change
from tessera_wallet.memberships.selling import write

NAMES = {
    "en": ("A year, all hours", "A month, quiet hours", "Ten days to try"),
    "zh_Hans": ("年卡·全时段", "月卡·闲时", "十日体验卡"),
}

AGO = (20, 130, 359, 400, 5, 250)
"""How many days ago the invented memberships began."""


async def create(member_ids: Sequence[UUID]) -> None:
    """Three products, and a membership for one of two members."""
    year, month, trial = NAMES.get(current_locale(), NAMES["en"])
    await make_product("year", NewProduct(title=year, term_unit="years", price=1980_00, renewals=5, hold_days=60))
    quiet = NewProduct(title=month, price=198_00, weekdays=[1, 2, 3, 4, 5], from_minute=600, until_minute=960)
    await make_product("quiet-month", quiet)
    await make_product("trial", NewProduct(title=trial, term_unit="days", term_n=10, begins="visit", price=50_00))
    for number, member in enumerate(member_ids[::2]):
        await _sell(member, number)


async def _sell(member: UUID, number: int) -> None:
    product = await product_named("trial" if number % 5 == 4 else "year")
    starts = None if product.begins == "visit" else business().today() - timedelta(days=AGO[number % len(AGO)])
    store = stores()[0].id
    id_ = await write(product, member, product.price, starts, store=store)
    await note_change(id_, "sold", amount=product.price, from_on=starts)
    await emit(
        "wallet.membership_sold", member=member, store=store, membership=id_, product=product.code, price=product.price
    )
    if starts is not None and number % len(AGO) == 1:
        today = business().today()
        await hold(id_, today, today + timedelta(days=13))
