"""Memberships and coupons over HTTP, and on pages."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.access import service as access
from tessera.access.actor import system_actor
from tessera.kernel import clock
from tessera.kernel.business import business as the_business
from tessera.kernel.database import fetchval
from tessera.members.service import NewMember, create_member
from tessera_wallet.coupons import codes, issuing
from tessera_wallet.coupons.kinds import NewKind, make_kind
from tessera_wallet.memberships import reading
from tessera_wallet.memberships.products import NewProduct, make_product
from tessera_wallet.memberships.selling import Sale, sell
from tessera_wallet.packs import products as packs


@pytest.fixture
async def ana(store: UUID, member) -> UUID:
    """A member of a business that sells a year and gives ten off."""
    await make_product("year", NewProduct(title="A year", term_unit="years", price=365_00, hold_days=30))
    await make_product("all", NewProduct(title="All clubs", term_unit="years", price=730_00))
    await make_kind("ten", NewKind(title="Ten off", amount=10_00, member_limit=1))
    return await member("Ana")


async def test_who_paid_is_not_told_where_they_do_not_exist(api, api_client, ana: UUID, store: UUID):
    with system_actor():
        elsewhere = (await access.add_store("pd", "Pudong")).id
        payer = await create_member(NewMember(name="Payer", store=elsewhere))
        product = await packs.keep_product(
            packs.NewProduct(title="Ten visits", kind="visit", bought=10, price=0, currency="CNY")
        )
    said = {"member": str(ana), "payer": str(payer), "store": "main"}
    sold = [
        await api.post("/wallet/memberships", json={**said, "product": "year", "method": "cash"}),
        await api.post("/wallet/packs", json={**said, "product": str(product), "payments": []}),
    ]
    assert [answer.json()["payer"] for answer in sold] == [str(payer)] * 2
    async with await api_client(where=store) as here:
        asked = {"member": str(ana)}
        for path in ("/wallet/memberships", "/wallet/packs", f"/wallet/members/{ana}"):
            answer = await here.get(path, params=asked)
            assert answer.status_code == 200
            assert str(payer) not in answer.text


WORDS = ("A year", "Ten off", "12.34")


@pytest.mark.parametrize("rights", [("members.read",), ("members.read", "purchases.read", "points.read")])
async def test_the_history_tells_what_was_paid_ahead_to_those_who_may_see_it(api, api_client, ana, store, rights):
    with system_actor():
        product = await packs.keep_product(
            packs.NewProduct(title="Ten visits", kind="visit", bought=10, price=0, currency="CNY")
        )
    said = {"member": str(ana), "store": "main"}
    cash = [{"method": "cash", "amount": 1234}]
    for path, body in (
        ("recharges", {"amount": 1234, "payments": cash}),
        ("packs", {"product": str(product), "payments": []}),
        ("memberships", {"product": "year", "method": "cash"}),
    ):
        assert (await api.post(f"/wallet/{path}", json={**said, **body})).status_code == 201
    assert (await api.post("/wallet/coupons", json={"member": str(ana), "kind": "ten"})).status_code == 201
    wallet = ("wallet.value.read", "wallet.membership.read", "wallet.coupon.read")
    async with await api_client(*rights, where=store) as some, await api_client(*rights, *wallet, where=store) as all_:
        histories = [(await who.get(f"/members/{ana}/timeline")).text for who in (some, all_)]
    assert [[word for word in WORDS if word in history] for history in histories] == [[], list(WORDS)]


async def test_a_membership_is_sold_held_upgraded_and_refunded_over_http(api: httpx.AsyncClient, ana: UUID):
    said = {"member": str(ana), "product": "year", "method": "cash", "store": "main"}
    sold = (await api.post("/wallet/memberships", json=said)).json()
    assert (sold["state"], sold["paid"], sold["worth"], sold["store"]) == ("active", 365_00, 365_00, "main")
    at = f"/wallet/memberships/{sold['id']}"
    today = the_business().today()
    span = {"from_on": str(today + timedelta(days=2)), "until_on": str(today + timedelta(days=4))}
    held = (await api.post(f"{at}/hold", json=span)).json()
    assert held["days_left"] == sold["days_left"] + 3
    ended = (await api.post(f"{at}/holds/{held['holds'][0]['id']}/end")).json()
    assert (ended["ends_on"], ended["holds"]) == (sold["ends_on"], [])
    renewed = (await api.post(f"{at}/renew", json={"method": "card"})).json()
    assert (renewed["renewed"], renewed["paid"]) == (1, 730_00)
    new = (await api.post(f"{at}/upgrade", json={"product": "all", "method": "card"})).json()
    back = await api.post(f"/wallet/memberships/{new['id']}/refund", json={"method": "card"})
    assert (back.status_code, back.json()["amount"]) == (201, 730_00)
    listed = (await api.get("/wallet/memberships", params={"member": str(ana)})).json()["items"]
    assert sorted(one["state"] for one in listed) == ["refunded", "upgraded"]
    assert await fetchval("SELECT sum(amount) FROM taking") == 0


async def test_refusals_carry_a_stable_code(api: httpx.AsyncClient, ana: UUID):
    unknown = await api.post("/wallet/memberships", json={"member": str(ana), "product": "none"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "membership_product_unknown")
    said = {"member": str(ana), "product": "year"}
    wrong = await api.post("/wallet/memberships", json=said)
    assert (wrong.status_code, [error["field"] for error in wrong.json()["errors"]]) == (422, ["method"])


async def test_the_desk_asks_who_may_enter(api: httpx.AsyncClient, ana: UUID):
    asked = {"member": str(ana), "store": "main"}
    before = (await api.get("/wallet/entry", params=asked)).json()
    await api.post("/wallet/memberships", json={"member": str(ana), "product": "year", "method": "cash"})
    after = (await api.get("/wallet/entry", params=asked)).json()
    assert (before["may"], before["reasons"], after["may"], after["title"]) == (
        False,
        ["there is no membership"],
        True,
        "A year",
    )


async def test_a_coupon_is_given_checked_and_taken_back_and_its_code_stands_in_no_address(
    api: httpx.AsyncClient, ana: UUID
):
    given = (await api.post("/wallet/coupons", json={"member": str(ana), "kind": "ten", "reason": "waited"})).json()
    checked = await api.post("/wallet/coupons/check", json={"code": given["code"].lower()})
    assert (checked.status_code, checked.json()["id"], checked.json()["state"]) == (200, given["id"], "issued")
    again = await api.post("/wallet/coupons", json={"member": str(ana), "kind": "ten"})
    assert (again.status_code, again.json()["code"], again.json()["left"]) == (409, "coupon_limit", 0)
    back = (await api.post(f"/wallet/coupons/{given['id']}/revoke")).json()
    assert back["state"] == "revoked"


async def test_a_basket_with_a_coupon_is_previewed_and_sold(api: httpx.AsyncClient, ana: UUID):
    code = codes.shown((await issuing.issue(ana, "ten")).code)
    basket = {"member": {"id": str(ana)}, "store": "main", "source": "till", "amount": 100_00}
    offered = (await api.post("/purchases/preview", json=basket)).json()
    assert code in str(offered)
    claims = [{"kind": "wallet.coupon", "value": code}]
    sold = {**basket, "external_id": "1", "amount": 90_00, "discount": 10_00, "claims": claims}
    assert (await api.post("/purchases", json=sold)).status_code == 201
    twice = await api.post("/purchases", json={**sold, "external_id": "2"})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "claims.0.value")


async def test_someone_without_the_right_gives_no_coupons(api_client, ana: UUID):
    async with await api_client("members.read", "wallet.coupon.read") as client:
        assert (await client.post("/wallet/coupons", json={"member": str(ana), "kind": "ten"})).status_code == 403
        assert (await client.get("/wallet/coupons", params={"member": str(ana)})).status_code == 200


async def test_open_codes_are_made_at_once(api: httpx.AsyncClient, ana: UUID):
    made = (await api.post("/wallet/coupon-batches", json={"kind": "ten", "pieces": 3})).json()
    assert len({codes.kept(code) for code in made["codes"]}) == 3


async def test_the_first_day_may_be_later(api: httpx.AsyncClient, ana: UUID):
    later = clock.now().date() + timedelta(days=20)
    said = {"member": str(ana), "product": "year", "method": "cash", "starts_on": str(later)}
    assert (await api.post("/wallet/memberships", json=said)).json()["state"] == "not_started"


# --- pages -------------------------------------------------------------------------------------------


async def test_at_the_desk_a_membership_is_sold_and_held_on_pages(ana: UUID, owner: httpx.AsyncClient):  # noqa: F811
    page = f"/wallet/members/{ana}/memberships"
    sold = await send(owner, page, product="year", method="cash", store="main")
    assert "365.00" in sold.text
    at, today = sold.url.path, str(the_business().today())
    wrong = await send(owner, at, f"{at}/hold", from_on=today, until_on="")
    assert (wrong.status_code, "choose a day" in wrong.text) == (422, True)
    await send(owner, at, f"{at}/hold", from_on=today, until_on=today)
    assert "is on hold until" in (await owner.get(f"/members/{ana}")).text
    assert [one.state for one in await reading.memberships_of(ana)] == ["held"]


async def test_each_label_on_the_page_of_a_membership_names_a_field_of_its_own(ana: UUID, owner: httpx.AsyncClient):  # noqa: F811
    with system_actor():
        sold = await sell(Sale(member=ana, product="year", method="cash"))
    page = (await owner.get(f"/wallet/memberships/{sold}")).text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(set(ids)) == sorted(ids)
    assert {"f-hold-reason", "f-refund-reason", "f-cancel-reason"} <= set(
        re.findall(r'<label[^>]* for="([^"]+)"', page)
    )


async def test_a_membership_is_renewed_given_on_and_refunded_on_pages(ana: UUID, owner: httpx.AsyncClient, member):  # noqa: F811
    ben = await member("Benjamin")
    sold = await send(owner, f"/wallet/members/{ana}/memberships", product="year", method="cash", store="main")
    at = sold.url.path
    assert "Renewed until" in (await send(owner, at, f"{at}/renew", method="cash", store="main")).text
    nobody = await send(owner, at, f"{at}/transfer", other="Zacharias")
    assert "nobody is found by this" in nobody.text
    await send(owner, at, f"{at}/transfer", other="Benjamin")
    assert "Refunded" in (await send(owner, at, f"{at}/refund", method="cash", store="main", amount="100")).text
    assert [one.state for one in await reading.memberships_of(ben)] == ["refunded"]
    assert await fetchval("SELECT sum(amount) FROM taking") == 630_00


async def test_a_kind_is_set_up_and_its_codes_are_taken_out_on_pages(ana: UUID, owner: httpx.AsyncClient):  # noqa: F811
    new, page = "/wallet/settings/coupons/new", "/wallet/settings/coupons/fifth"
    filled = {"title": "A fifth off", "gives": "percent", "enabled": "yes"}
    await send(owner, new, code="fifth", percent="20", **filled)
    made = await send(owner, page, f"{page}/codes", pieces="2")
    batch = re.search(r'name="batch" value="([^"]+)"', made.text)[1]
    file = await send(owner, page, f"{page}/export", batch=batch)
    assert file.headers["content-type"].startswith("text/csv")
    assert [codes.is_well_formed(codes.kept(line.split(",")[0])) for line in file.text.split()[1:]] == [True, True]
    assert "25 % off" in (await send(owner, page, percent="25", **filled)).text


async def test_a_coupon_is_given_and_taken_back_on_a_page(ana: UUID, owner: httpx.AsyncClient):  # noqa: F811
    page = f"/wallet/members/{ana}/coupons"
    given = await send(owner, page, kind="ten")
    coupon = re.search(r'name="coupon" value="([^"]+)"', given.text)[1]
    assert "taken back" in (await send(owner, page, f"{page}/revoke", coupon=coupon)).text


async def test_a_page_that_is_filled_in_wrong_says_so_at_the_field(ana: UUID, owner: httpx.AsyncClient):  # noqa: F811
    wrong = await send(owner, "/wallet/settings/memberships/new", code="x", title="X", price="1.234")
    assert (wrong.status_code, "write an amount such as 12.50" in wrong.text) == (422, True)
