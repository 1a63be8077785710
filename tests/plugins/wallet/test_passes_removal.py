"""Memberships and coupons go with the wallet, and come back to the byte."""

from __future__ import annotations

from datetime import date

import pytest

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel.business import set_business
from tessera.kernel.database import fetch, fetchval
from tessera.kernel.plugins.removal import remove
from tessera.kernel.plugins.restoring import restore
from tessera.kernel.plugins.state import enable, record_plugins
from tessera.members import service as members
from tessera_wallet.coupons.issuing import issue, issue_codes
from tessera_wallet.coupons.kinds import NewKind, make_kind
from tessera_wallet.memberships.holding import hold
from tessera_wallet.memberships.products import NewProduct, make_product
from tessera_wallet.memberships.selling import Sale, sell
from tessera_wallet.tables import coupons, memberships

TABLES = sorted(
    value._meta.tablename
    for module in (coupons, memberships)
    for value in vars(module).values()
    if getattr(value, "__module__", "") == module.__name__
)


@pytest.fixture
async def held(own_database, plugin_host) -> None:
    """A member with a membership on hold, a coupon, and open codes beside."""
    await record_plugins(plugin_host)
    await set_business("Harbour Gym", "CNY", "Asia/Shanghai", "en")
    await enable("wallet")
    with system_actor():
        store = (await access.add_store("main", name="Main street")).id
        ana = await members.create_member(members.NewMember(name="Ana", store=store))
        product = NewProduct(title="A year", term_n=12, stores=[store], weekdays=[1, 7], hold_days=30)
        await make_product("year", product)
        id_ = await sell(Sale(member=ana, product="year", store=store, starts_on=None))
        today: date = await fetchval("SELECT starts_on FROM wallet.membership")
        await hold(id_, today, today)
        await make_kind("ten", NewKind(title="Ten off", amount=10_00, stores=[store], skus=["cup", 'a "pot", big']))
        await issue(ana, "ten")
        await issue_codes("ten", 3)
        yield


async def rows() -> dict[str, list[str]]:
    """Everything in the tables of memberships and coupons."""
    return {
        table: [row["row"] for row in await fetch(f"SELECT t::text AS row FROM wallet.{table} t ORDER BY id")]
        for table in TABLES
    }


async def test_memberships_and_coupons_come_back_to_the_byte(held, tmp_path):
    before = await rows()
    assert all(before.values())
    await remove("wallet", tmp_path / "w.zip")
    assert await fetchval("SELECT to_regnamespace('wallet')") is None
    await restore(tmp_path / "w.zip")
    assert await rows() == before
