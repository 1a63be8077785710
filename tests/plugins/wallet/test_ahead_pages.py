"""The desk works with stored value and packs on pages."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from plugins.wallet.ahead import balance, offer, paid_in, product, sold
from signed_in import owner, send

from tessera.access.actor import system_actor
from tessera.kernel.database import fetchval
from tessera.members.service import NewMember, create_member
from tessera.plugin import stores
from tessera_wallet import ahead_samples
from tessera_wallet.packs.reading import one_pack
from tessera_wallet.value.offers import all_offers

__all__ = ["owner"]


@pytest.fixture(autouse=True)
def by_the_system() -> Iterator[None]:
    with system_actor():
        yield


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def test_a_recharge_with_an_offer_is_taken(owner: httpx.AsyncClient, ana: UUID) -> None:
    chosen = await offer()
    answer = await send(owner, f"/wallet/members/{ana}/recharge", offer=str(chosen), method="cash")
    assert "Recharged ¥500.00 with ¥50.00 on top." in answer.text
    assert await balance(ana) == (500_00, 50_00)


async def test_an_amount_is_typed_as_people_write_it(owner: httpx.AsyncClient, ana: UUID) -> None:
    await send(owner, f"/wallet/members/{ana}/recharge", amount="199.50", method="wechat")
    assert await balance(ana) == (199_50, 0)


async def test_what_cannot_be_typed_is_said_at_its_field(owner: httpx.AsyncClient, ana: UUID) -> None:
    answer = await send(owner, f"/wallet/members/{ana}/recharge", amount="a lot", method="cash")
    assert (answer.status_code, "write an amount such as 12.50" in answer.text) == (422, True)


async def test_a_refund_shows_what_it_pays_out_before_it_does(owner: httpx.AsyncClient, ana: UUID) -> None:
    row = await paid_in(ana, 500_00, 50_00)
    page = f"/wallet/recharges/{row.id}/refund?amount=200"
    shown = (await owner.get(page)).text
    assert "Pay out ¥200.00" in shown
    assert "¥20.00" in shown
    await send(owner, page, f"/wallet/recharges/{row.id}/refund", amount="200", method="cash", reason="moves away")
    assert await balance(ana) == (300_00, 30_00)


async def test_a_pack_is_sold_and_a_session_used_from_the_members_page(owner: httpx.AsyncClient, ana: UUID) -> None:
    chosen = await product()
    await send(owner, f"/wallet/members/{ana}/packs/new", f"/wallet/members/{ana}/packs", product=str(chosen))
    sold_without_method = await fetchval("SELECT count(*) FROM wallet.pack")
    await send(
        owner,
        f"/wallet/members/{ana}/packs/new",
        f"/wallet/members/{ana}/packs",
        product=str(chosen),
        method="cash",
    )
    pack = await fetchval("SELECT id FROM wallet.pack")
    answer = await send(owner, f"/members/{ana}", f"/wallet/packs/{pack}/use", member=str(ana))
    assert (sold_without_method, "Used: 1. Left: 11." in answer.text) == (0, True)


async def test_a_use_is_undone_and_a_pack_taken_back(owner: httpx.AsyncClient, ana: UUID) -> None:
    pack = await sold(ana)
    await send(owner, f"/members/{ana}", f"/wallet/packs/{pack.id}/use", member=str(ana))
    used = await fetchval("SELECT redemption FROM wallet.pack_use")
    answer = await send(owner, f"/wallet/packs/{pack.id}", f"/wallet/redemptions/{used}/undo", pack=str(pack.id))
    assert "given back" in answer.text
    page = f"/wallet/packs/{pack.id}/refund"
    assert "10 of 10" in (await owner.get(page)).text
    assert "¥1,000.00 paid out" in (await send(owner, page, method="cash", reason="moves away")).text


async def test_an_offer_and_a_pack_are_written_down_and_changed(owner: httpx.AsyncClient) -> None:
    await send(owner, "/wallet/settings/offers", title="Spring", currency="CNY", pay="500", bonus="50", active="yes")
    (made,) = await all_offers()
    page = f"/wallet/settings/offers/{made.id}"
    await send(owner, page, title="Spring", currency="CNY", pay="500", bonus="60", per_member="2")
    (changed,) = await all_offers()
    assert (changed.bonus, changed.per_member, changed.active) == (60_00, 2, False)
    await send(
        owner,
        "/wallet/settings/packs",
        title="Ten visits",
        kind_new="visit",
        kind_title="Visit",
        bought="10",
        price="880",
        currency="CNY",
        validity="months",
        validity_n="6",
        active="yes",
    )
    assert "Ten visits" in (await owner.get("/wallet/settings/packs")).text


async def test_the_statement_says_why_each_entry_is_there(owner: httpx.AsyncClient, ana: UUID) -> None:
    await paid_in(ana, 500_00, 50_00)
    text = (await owner.get(f"/wallet/members/{ana}")).text
    assert "Paid in: recharge of ¥500.00" in text
    assert "Bonus on a recharge of ¥500.00" in text


async def test_samples_are_paid_ahead_and_used(store: UUID, ana: UUID) -> None:
    await ahead_samples.create([ana])
    pack = await one_pack(await fetchval("SELECT id FROM wallet.pack"))
    assert pack.left < pack.held
    assert sum(await balance(ana)) > 0
    assert stores()[0].id == store
