"""Stored value and packs for programs: the desk of another system, and what a key may do."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from plugins.wallet.ahead import offer, product

from tessera.access import service as access
from tessera.members.service import NewMember, create_member


@pytest.fixture
async def ana(store: UUID, system: object) -> UUID:
    return await create_member(NewMember(name="Ana", phone="13800138000", store=store))


async def test_a_recharge_is_spent_at_the_till_and_paid_out(api: httpx.AsyncClient, ana: UUID) -> None:
    chosen = await offer()
    cash = [{"method": "cash", "amount": 500_00}]
    new = {"member": str(ana), "amount": 500_00, "offer": str(chosen), "payments": cash}
    recharge = (await api.post("/wallet/recharges", json=new)).json()
    assert (recharge["amount"], recharge["bonus"], recharge["store"]) == (500_00, 50_00, "main")
    bought = {
        "source": "till",
        "external_id": "R1",
        "store": "main",
        "member": {"id": str(ana)},
        "amount": 80_00,
        "payments": [{"method": "wallet.stored_value", "amount": 80_00}],
    }
    assert (await api.post("/purchases", json=bought)).status_code == 201
    held = (await api.get(f"/wallet/members/{ana}")).json()
    assert held["value"] == [{"currency": "CNY", "principal": 470_00, "bonus": 0}]
    shown = (await api.get(f"/wallet/recharges/{recharge['id']}/refund", params={"amount": 100_00})).json()
    assert (shown["principal"], shown["bonus"], shown["kept"], shown["paid_out"]) == (100_00, 0, 10_00, 90_00)
    refund = {"method": "cash", "reason": "moves away", "amount": 100_00}
    assert (await api.post(f"/wallet/recharges/{recharge['id']}/refunds", json=refund)).json()["paid_out"] == 90_00


async def test_more_than_is_there_is_a_conflict_with_what_is_there(api: httpx.AsyncClient, ana: UUID) -> None:
    bought = {
        "source": "till",
        "external_id": "R1",
        "store": "main",
        "member": {"id": str(ana)},
        "amount": 80_00,
        "payments": [{"method": "wallet.stored_value", "amount": 80_00}],
    }
    answer = await api.post("/purchases", json=bought)
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (409, "insufficient_balance", 0)


async def test_a_preview_offers_stored_value_up_to_what_is_there(api: httpx.AsyncClient, ana: UUID) -> None:
    cash = [{"method": "cash", "amount": 30_00}]
    await api.post("/wallet/recharges", json={"member": str(ana), "amount": 30_00, "payments": cash})
    asked = {"store": "main", "member": {"id": str(ana)}, "amount": 80_00}
    methods = (await api.post("/purchases/preview", json=asked)).json()["methods"]
    assert {one["method"]: one["holds"] for one in methods}["wallet.stored_value"] == 30_00


@pytest.mark.parametrize("method", ["wallet.stored_value", " wallet.stored_value", "dummy.purse", "ca\x00sh", " "])
async def test_nothing_is_paid_ahead_or_out_by_what_the_business_does_not_take_itself(
    api: httpx.AsyncClient, ana: UUID, method: str
) -> None:
    new = {"member": str(ana), "amount": 5, "payments": [{"method": method, "amount": 5}]}
    answer = await api.post("/wallet/recharges", json=new)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "payments")
    cash = {**new, "payments": [{"method": "cash", "amount": 5}]}
    recharge = (await api.post("/wallet/recharges", json=cash)).json()["id"]
    answer = await api.post(f"/wallet/recharges/{recharge}/refunds", json={"method": method, "reason": "moves"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "method")


async def test_the_same_recharge_sent_twice_is_taken_once(api: httpx.AsyncClient, ana: UUID) -> None:
    new = {"member": str(ana), "amount": 500_00, "payments": [{"method": "cash", "amount": 500_00}]}
    for _again in range(2):
        await api.post("/wallet/recharges", json=new, headers={"Idempotency-Key": "till-3-77"})
    assert (await api.get(f"/wallet/members/{ana}")).json()["value"][0]["principal"] == 500_00


async def test_a_pack_is_sold_used_undone_extended_and_taken_back(api: httpx.AsyncClient, ana: UUID) -> None:
    chosen = await product(validity="months", validity_n=3)
    new = {"member": str(ana), "product": str(chosen), "payments": [{"method": "card", "amount": 1000_00}]}
    pack = (await api.post("/wallet/packs", json=new)).json()
    assert (pack["left"], pack["state"]) == (12, "open")
    first = (await api.post(f"/wallet/packs/{pack['id']}/redemptions", json={"units": 2})).json()
    await api.post(f"/wallet/members/{ana}/sessions", json={"kind": "visit"})
    undone = await api.post(f"/wallet/redemptions/{first['id']}/undo", json={"reason": "wrong member"})
    again = await api.post(f"/wallet/redemptions/{first['id']}/undo", json={"reason": "wrong member"})
    assert (undone.status_code, again.json()["code"]) == (201, "already_undone")
    assert [one["left"] for one in (await api.get("/wallet/packs", params={"member": str(ana)})).json()["items"]] == [
        11
    ]
    until = {"until": "2099-01-31", "reason": "was ill"}
    longer = (await api.post(f"/wallet/packs/{pack['id']}/extensions", json=until)).json()
    assert longer["expires_at"].startswith("2099-01-31T16:00:00")
    back = (await api.post(f"/wallet/packs/{pack['id']}/refunds", json={"method": "cash", "reason": "moves"})).json()
    assert (back["unused"], back["gifted"], back["amount"]) == (9, 2, 900_00)


async def test_offers_and_packs_are_listed(api: httpx.AsyncClient, store: UUID) -> None:
    await offer()
    await product()
    assert [one["pay"] for one in (await api.get("/wallet/offers")).json()["items"]] == [500_00]
    assert [one["bought"] for one in (await api.get("/wallet/pack-products")).json()["items"]] == [10]


async def test_a_key_that_may_only_read_takes_no_money(api_client, ana: UUID) -> None:
    async with await api_client("wallet.value.read") as client:
        new = {"member": str(ana), "amount": 1, "payments": [{"method": "cash", "amount": 1}]}
        assert (await client.post("/wallet/recharges", json=new)).status_code == 403
        assert (await client.get(f"/wallet/members/{ana}")).status_code == 200


async def test_a_till_that_may_only_take_recharges_takes_them(api_client, ana: UUID) -> None:
    async with await api_client("wallet.value.write") as client:
        new = {"member": str(ana), "amount": 1, "payments": [{"method": "cash", "amount": 1}]}
        assert (await client.post("/wallet/recharges", json=new)).status_code == 201


async def test_nothing_is_corrected_by_hand_through_the_ledger(api: httpx.AsyncClient, ana: UUID) -> None:
    entry = {"unit": "wallet.stored_value.CNY", "kind": "credit", "amount": 100, "reason": "gift"}
    assert (await api.post(f"/members/{ana}/entries", json=entry)).status_code == 422
    new = {"member": str(ana), "part": "principal", "amount": 100, "reason": "typed too little"}
    assert (await api.post("/wallet/adjustments", json=new)).status_code == 201


async def test_an_offer_names_no_store_of_another_circle(api_client, store: UUID, system) -> None:
    clinic = await access.add_store("clinic", "Clinic", circle="clinic")
    await offer(stores=[str(store), str(clinic.id)])
    async with await api_client("wallet.value.read", where=clinic.id) as till:
        (shown,) = (await till.get("/wallet/offers")).json()["items"]
    assert shown["stores"] == ["clinic"]
