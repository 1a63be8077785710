"""Whatever people typed about someone, in all that points, tiers, rewards and the wallet keep, goes with the person."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from plugins.wallet.ahead import checkout, paid_in, product

from tessera.kernel.business import business
from tessera.kernel.database import fetch
from tessera.members.service import NewMember, account_of, create_member, erasing
from tessera.points import service as points
from tessera.points.rewards import service as rewards
from tessera.points.service.correcting import reverse_by_hand
from tessera.tiers.service.by_hand import release, set_tier
from tessera_wallet.coupons import issuing, kinds
from tessera_wallet.desk import Paid
from tessera_wallet.memberships import ending, holding, products, selling
from tessera_wallet.packs import returning, using
from tessera_wallet.packs.selling import NewPack, sell
from tessera_wallet.value import adjusting, refunding

SAID = "Zwiebelkuchen"


async def everything() -> list[str]:
    """Every row in which the word stands, by its table."""
    tables = await fetch("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables")
    kept = [row["name"] for row in tables if not row["name"].startswith(("pg_catalog.", "information_schema."))]
    return [
        f"{name}: {row['said'][:300]}"
        for name in kept
        for row in await fetch(f"SELECT t::text AS said FROM {name} t WHERE t::text LIKE '%{SAID}%'")
    ]


@pytest.fixture
async def ana(store: UUID, system: None) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def _points(ana: UUID) -> None:
    account = await account_of(ana)
    given = await points.credit(account, ana, 50, reason=f"{SAID} 1")
    await reverse_by_hand(given.id, reason=f"{SAID} 2")
    await points.credit(account, ana, 50, reason=f"{SAID} 3")
    await rewards.make_reward(rewards.NewReward(code="mug", title={"en": "Mug"}, points=5))
    taken = await rewards.redeem(ana, "mug")
    await rewards.cancel(taken.id, f"{SAID} 4")
    await set_tier(ana, "basic", reason=f"{SAID} 5")
    await release(ana, reason=f"{SAID} 6")


async def _value(ana: UUID) -> None:
    paid = await paid_in(ana, 100_00, store="main", reference=f"{SAID} 7")
    await adjusting.adjust(ana, "bonus", 5_00, reason=f"{SAID} 8", store="main")
    await checkout(ana, 30_00)
    await refunding.refund(paid.id, method="cash", reason=f"{SAID} 9", store="main")


async def _packs(ana: UUID) -> None:
    chosen = await product()
    paid = [Paid("cash", 1000_00)]
    pack = await sell(NewPack(member=ana, product=chosen, payments=paid, store="main", reference=f"{SAID} 11"))
    used = await using.use(ana, pack=pack.id, store="main")
    await using.undo(used.id, reason=f"{SAID} 12")
    await returning.extend(pack.id, date(2099, 1, 1), reason=f"{SAID} 13")
    await returning.take_back(pack.id, method="cash", reason=f"{SAID} 14", store="main")


async def _passes(ana: UUID) -> None:
    await products.make_product("year", products.NewProduct(title="A year", term_n=12, hold_days=30))
    held = await selling.sell(selling.Sale(member=ana, product="year"))
    day = business().today() + timedelta(days=3)
    await holding.hold(held, day, day, reason=f"{SAID} 16")
    await ending.cancel(held, reason=f"{SAID} 17")
    await kinds.make_kind("ten", kinds.NewKind(title="Ten off", amount=1000))
    await issuing.issue(ana, "ten", reason=f"{SAID} 18")


@pytest.mark.parametrize("part", [_points, _value, _packs, _passes])
async def test_no_word_of_the_person_is_left(ana: UUID, part) -> None:
    await part(ana)
    assert await everything()
    await erasing.erase(ana, "asked")
    assert await everything() == []
