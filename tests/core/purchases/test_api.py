"""Purchases, returns and points as JSON, as a till sees them; and requests that are sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from core.purchases.conftest import NOW
from litestar import Litestar

from tessera.access import idempotency
from tessera.access import service as access
from tessera.app import make_app
from tessera.kernel import clock
from tessera.kernel.database import fetchval
from tessera.kernel.plugins import PluginHost

RIGHTS = ("purchases.read", "purchases.write", "points.read", "points.write", "members.read", "members.write")


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost) -> Litestar:
    return make_app(plugin_host)


async def client(app: Litestar, *rights: str, store: UUID | None = None) -> httpx.AsyncClient:
    secret = await access.add_key("till", rights or RIGHTS, store=store)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers)


@pytest.fixture
async def till(app: Litestar, store: UUID) -> AsyncIterator[httpx.AsyncClient]:
    async with await client(app) as opened:
        yield opened


def sold(member: UUID | None, amount: int = 52_50, number: str = "R1", **more: Any) -> dict[str, Any]:
    lines = [{"sku": "A1", "name": "Tea", "quantity": "1.5", "unit_price": "35.00", "amount": amount}]
    who = {"id": str(member)} if member else None
    body = {"external_id": number, "source": "till-3", "member": who, "store": "main", "amount": amount}
    return {**body, "lines": lines, "payments": [{"method": "cash", "amount": amount}], **more}


async def test_a_purchase_is_answered_as_promised(till: httpx.AsyncClient, ana: UUID) -> None:
    answer = await till.post("/purchases", json=sold(ana, at="2026-11-19T10:00:00+08:00", discount=0))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert {key: body[key] for key in ("member", "amount", "points", "tier")} == {
        "member": str(ana),
        "amount": 52_50,
        "points": {"earned": 52, "redeemed": 0, "available": 52},
        "tier": {"code": "basic", "changed": False},
    }
    assert len(body["lines"]) == 1
    assert set(body["lines"][0]) == {"id"}


async def test_the_same_sale_again_is_the_same_answer_and_another_a_conflict(
    till: httpx.AsyncClient, ana: UUID
) -> None:
    first, again = await till.post("/purchases", json=sold(ana)), await till.post("/purchases", json=sold(ana))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await till.post("/purchases", json=sold(ana, 1_00))
    assert (other.status_code, other.json()["code"]) == (409, "purchase_conflict")


async def test_two_stores_whose_tills_count_alike_never_share_a_sale_or_a_return(app: Litestar, store: UUID) -> None:
    other = (await access.add_store("north", name="North")).id
    sale = {"source": "till", "external_id": "1", "amount": 10_00}
    async with await client(app, store=store) as here, await client(app, store=other) as there:
        for path, code in (("/purchases", "purchase_conflict"), ("/returns", "return_conflict")):
            assert (await here.post(path, json=sale)).status_code == 201
            answer = await there.post(path, json=sale)
            assert (answer.status_code, answer.json()["code"]) == (409, code)
            assert "is one of another store" in answer.json()["detail"]
            assert (await here.post(path, json=sale)).status_code == 201


async def test_points_pay_a_part_and_come_back_with_a_return(till: httpx.AsyncClient, ana: UUID) -> None:
    await till.post("/purchases", json=sold(ana, 500_00))
    paid = sold(ana, 10_00, "R2", redeem={"points": 300}, payments=[{"method": "cash", "amount": 7_00}])
    first, again = await till.post("/purchases", json=paid), await till.post("/purchases", json=paid)
    assert first.json()["points"] == {"earned": 7, "redeemed": 300, "available": 207}
    assert again.json() == first.json()
    back = {"source": "till-3", "external_id": "B1", "purchase": first.json()["id"]}
    answer = (await till.post("/returns", json=back)).json()
    assert answer["points"] == {"taken_back": 7, "restored": 300, "available": 500, "debt": 0}
    assert answer["refunds"] == [{"method": "cash", "amount": 7_00}]


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        ("redeem", {"points": -1}, "redeem.points"),
        ("redeem", {"stars": 1}, "redeem.stars"),
        ("claims", [{"kind": "x", "value": "C"}], "claims.0.kind"),
        ("claims", [{"kind": "dummy.voucher", "value": ""}], "claims.0.value"),
        ("payments", [{"method": "cash", "amount": 52_51}], "payments"),
        ("payments", [{"method": "nowhere.purse", "amount": 1}], "payments.0.method"),
    ],
)
async def test_what_cannot_be_settled_is_named_and_changes_nothing(
    till: httpx.AsyncClient, ana: UUID, part: str, value: Any, field: str
) -> None:
    answer = await till.post("/purchases", json=sold(ana, **{part: value}))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_a_preview_is_answered_as_promised(till: httpx.AsyncClient, ana: UUID) -> None:
    await till.post("/purchases", json=sold(ana, 500_00))
    body = {"member": {"id": str(ana)}, "store": "main", "lines": [{"sku": "A1", "amount": 80_00}]}
    answer = await till.post("/purchases/preview", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    spend = {"most": 500, "value": 5_00, "minimum": 1, "step": 1, "per_unit": 100, "available": 500}
    assert (found["amount"], found["to_pay"], found["cuts"], found["offers"]) == (80_00, 80_00, [], [])
    assert (found["points"]["can_spend"], found["points"]["would_earn"]) == (spend, 80)
    assert [rule["points"] for rule in found["points"]["by_rule"]] == [80]
    assert found["tier"] == {"code": "basic", "title": "Regular member"}
    assert found["methods"][0] == {"method": "cash", "title": "Cash", "holds": None}


async def test_a_receipt_is_claimed_by_its_code_once(till: httpx.AsyncClient, ana: UUID) -> None:
    code = (await till.post("/purchases", json=sold(None))).json()["claim_code"]
    body = {"code": f" {code[:5].lower()}-{code[5:]}", "member": {"identity": "phone:13800138000"}}
    answer = await till.post("/purchases/claim", json=body)
    assert (answer.status_code, answer.json()["member"], answer.json()["points"]["earned"]) == (200, str(ana), 52)
    again = await till.post("/purchases/claim", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "purchase_has_member")
    wrong = await till.post("/purchases/claim", json={**body, "code": "nothing"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "purchase_unknown")


async def test_a_sale_without_a_member_is_given_to_one(till: httpx.AsyncClient, ana: UUID) -> None:
    sale = (await till.post("/purchases", json=sold(None))).json()
    assert sale["points"] == {"earned": 0, "redeemed": 0, "available": None}
    answer = await till.put(f"/purchases/{sale['id']}/member", json={"member": {"id": str(ana)}})
    assert (answer.status_code, answer.json()["points"]["available"]) == (200, 52)


async def test_an_unknown_member_is_404_and_wrong_values_are_422(till: httpx.AsyncClient, ana: UUID) -> None:
    assert (await till.post("/purchases", json=sold(UUID(int=1)))).status_code == 404
    wrong = await till.post("/purchases", json=sold(ana, amount=-5))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert (await till.post("/purchases", json={"source": "x"})).status_code in (400, 422)


async def test_a_key_without_the_right_or_of_another_store_records_nothing(
    app: Litestar, ana: UUID, store: UUID
) -> None:
    second = await access.add_store("second", "Second")
    async with await client(app, "purchases.read") as reader, await client(app, store=second.id) as elsewhere:
        assert (await reader.post("/purchases", json=sold(ana))).status_code == 403
        assert (await elsewhere.post("/purchases", json=sold(ana))).status_code == 403
        assert (await elsewhere.post("/purchases", json=sold(ana, store="second"))).status_code == 404
    assert await fetchval("SELECT count(*) FROM purchase") == 0


async def test_purchases_are_listed_in_pages_of_ones_stores(till: httpx.AsyncClient, app: Litestar, ana: UUID) -> None:
    for number in range(3):
        await till.post("/purchases", json=sold(ana, number=f"R{number}", at=f"2026-11-1{number}T10:00:00Z"))
    first = (await till.get("/purchases", params={"member": str(ana), "limit": 2})).json()
    rest = (await till.get("/purchases", params={"limit": 2, "cursor": first["next"]})).json()
    assert [p["external_id"] for p in first["items"] + rest["items"]] == ["R2", "R1", "R0"]
    assert rest["next"] is None
    assert first["items"][0]["lines"][0]["quantity"] == "1.5"
    found = (await till.get("/purchases", params={"source": "till-3", "external_id": "R1"})).json()
    assert [p["external_id"] for p in found["items"]] == ["R1"]
    second = await access.add_store("second", "Second")
    async with await client(app, store=second.id) as elsewhere:
        assert (await elsewhere.get("/purchases")).json()["items"] == []


async def test_a_return_is_answered_as_promised(till: httpx.AsyncClient, ana: UUID) -> None:
    bought = (await till.post("/purchases", json=sold(ana))).json()
    lines = [{"line": bought["lines"][0]["id"], "quantity": "0.5"}]
    body = {"source": "till-3", "external_id": "B1", "purchase": bought["id"], "store": "main", "lines": lines}
    done = await till.post("/returns", json=body)
    assert done.status_code == 201, done.text
    assert done.json()["points"] == {"taken_back": 17, "restored": 0, "available": 35, "debt": 0}
    over = await till.post("/returns", json={**body, "external_id": "B2", "lines": [{**lines[0], "quantity": "1.1"}]})
    assert (over.status_code, over.json()["code"]) == (409, "over_returned")


async def test_balances_and_entries_are_answered_as_promised(till: httpx.AsyncClient, ana: UUID) -> None:
    await till.post("/purchases", json=sold(ana))
    credited = await till.post(
        f"/members/{ana}/entries", json={"unit": "points", "kind": "credit", "amount": 100, "reason": "gift"}
    )
    assert credited.status_code == 201, credited.text
    spent = await till.post(f"/members/{ana}/entries", json={"kind": "debit", "amount": 60, "reason": "towel"})
    assert (spent.json()["amount"], spent.json()["balance"]) == (-60, 92)
    balances = (await till.get(f"/members/{ana}/balances")).json()
    assert balances == {"points": {"available": 92, "balance": 92, "pending": 0, "debt": 0, "expiring": []}}
    entries = (await till.get(f"/members/{ana}/entries", params={"unit": "points"})).json()
    assert [(e["kind"], e["amount"], e["reason"], e["source"], e["actor"]) for e in entries["items"]] == [
        ("debit", -60, "towel", "manual", "till"),
        ("credit", 100, "gift", "manual", "till"),
        ("earn", 52, "purchase", "purchase", "till"),
    ]
    poor = await till.post(f"/members/{ana}/entries", json={"kind": "debit", "amount": 93, "reason": "bike"})
    assert (poor.status_code, poor.json()["code"], poor.json()["available"]) == (409, "insufficient_balance", 92)


async def test_members_of_other_stores_have_no_points_to_see(app: Litestar, ana: UUID) -> None:
    second = await access.add_store("second", "Second")
    async with await client(app, store=second.id) as elsewhere:
        for path in ("balances", "entries"):
            assert (await elsewhere.get(f"/members/{ana}/{path}")).status_code == 404
        body = {"kind": "credit", "amount": 1, "reason": "x"}
        assert (await elsewhere.post(f"/members/{ana}/entries", json=body)).status_code == 404


CREDIT = {"kind": "credit", "amount": 10, "reason": "gift"}


async def send(till: httpx.AsyncClient, member: UUID, key: str, body: dict[str, Any] = CREDIT) -> httpx.Response:
    return await till.post(f"/members/{member}/entries", json=body, headers={"Idempotency-Key": key})


async def test_the_same_key_has_its_effect_once_and_gets_the_same_answer(till: httpx.AsyncClient, ana: UUID) -> None:
    first, again = await send(till, ana, "k1"), await send(till, ana, "k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await fetchval("SELECT count(*) FROM entry") == 1


async def test_the_same_key_with_another_body_is_a_conflict(till: httpx.AsyncClient, ana: UUID) -> None:
    await send(till, ana, "k1")
    other = await send(till, ana, "k1", {**CREDIT, "amount": 11})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_of_12_parallel_requests_with_one_key_one_runs_and_the_others_wait(
    till: httpx.AsyncClient, ana: UUID
) -> None:
    answers = await asyncio.gather(*[send(till, ana, "k1") for _ in range(12)])
    assert {(a.status_code, a.text) for a in answers} == {(201, answers[0].text)}
    assert await fetchval("SELECT count(*) FROM entry") == 1


async def test_a_refusal_is_remembered_too(till: httpx.AsyncClient, ana: UUID) -> None:
    debit = {"kind": "debit", "amount": 5, "reason": "towel"}
    first = await send(till, ana, "k1", debit)
    await send(till, ana, "k2")
    again = await send(till, ana, "k1", debit)
    assert (first.status_code, again.status_code, again.json()["code"]) == (409, 409, "insufficient_balance")
    assert (await send(till, ana, "k3", debit)).status_code == 201


async def test_a_failure_is_not_remembered(till: httpx.AsyncClient, ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("tessera.points.api.service.credit", broken)
    assert (await send(till, ana, "k1")).status_code == 500
    monkeypatch.undo()
    assert (await send(till, ana, "k1")).status_code == 201


async def test_a_deadlock_is_run_again(till: httpx.AsyncClient, ana: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    from tessera.points import api

    real, calls = api.service.credit, []

    async def once_broken(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await real(*given, **named)

    monkeypatch.setattr(api.service, "credit", once_broken)
    assert (await send(till, ana, "k1")).status_code == 201
    assert len(calls) == 2


async def test_keys_are_apart_by_caller_and_route_and_end_after_a_day(
    till: httpx.AsyncClient, app: Litestar, ana: UUID
) -> None:
    await send(till, ana, "k1")
    async with await client(app) as other:
        assert "idempotency-replayed" not in (await send(other, ana, "k1")).headers
    sale = await till.post("/purchases", json=sold(ana), headers={"Idempotency-Key": "k1"})
    assert sale.status_code == 201
    with clock.frozen(NOW + timedelta(hours=24)):
        assert "idempotency-replayed" not in (await send(till, ana, "k1")).headers
        await idempotency.forget_old()
    assert await fetchval("SELECT count(*) FROM idempotency") == 1


async def test_an_answer_is_unreadable_at_rest(till: httpx.AsyncClient, ana: UUID) -> None:
    await send(till, ana, "k1")
    assert b"gift" not in await fetchval("SELECT body FROM idempotency")


async def test_a_key_that_is_too_long_is_refused(till: httpx.AsyncClient, ana: UUID) -> None:
    assert (await send(till, ana, "k" * 256)).status_code == 422
    assert await fetchval("SELECT count(*) FROM entry") == 0


async def test_a_refused_key_leaves_nothing(app: Litestar, ana: UUID) -> None:
    async with await client(app, "points.read") as reader:
        assert (await send(reader, ana, "k1")).status_code == 403
    assert await fetchval("SELECT count(*) FROM idempotency") == 0


async def test_parallel_sales_with_keys_to_a_newcomer_make_one_member(till: httpx.AsyncClient, store: UUID) -> None:
    async def one(number: int) -> httpx.Response:
        body = sold(None, number=f"R{number}", unknown_member="create") | {"member": {"identity": "phone:13900139000"}}
        return await till.post("/purchases", json=body, headers={"Idempotency-Key": f"k{number}"})

    answers = await asyncio.gather(*[one(number) for number in range(6)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["member"] for answer in answers}) == 1
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_making_a_member_needs_the_right_to(app: Litestar, store: UUID) -> None:
    body = sold(None, unknown_member="create") | {"member": {"identity": "phone:13900139000"}}
    async with await client(app, "purchases.write") as narrow:
        assert (await narrow.post("/purchases", json=body)).status_code == 403
    assert await fetchval("SELECT count(*) FROM purchase") == 0


@pytest.mark.parametrize("field", ["source", "external_id", "staff"])
async def test_a_character_that_cannot_be_stored_is_refused(till: httpx.AsyncClient, ana: UUID, field: str) -> None:
    answer = await till.post("/purchases", json=sold(ana) | {field: "a\x00b"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await till.get("/purchases", params={"source": "a\x00b"})).json()["items"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": "0001-01-01T00:00:00"}, "at"),
        ({"lines": [{"quantity": "1000000000", "unit_price": "100000000000000"}]}, "lines.0.unit_price"),
        ({"lines": [{"unit_price": "1E-20000", "amount": 1}]}, "lines.0.unit_price"),
        ({"lines": [{"unit_price": "sNaN", "amount": 1}]}, "lines.0.unit_price"),
    ],
)
async def test_a_moment_or_price_beyond_all_reason_is_refused(
    till: httpx.AsyncClient, ana: UUID, wrong: dict[str, Any], field: str
) -> None:
    answer = await till.post("/purchases", json=sold(ana) | wrong)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_an_expiry_that_no_calendar_holds_is_refused(till: httpx.AsyncClient, ana: UUID) -> None:
    body = {"kind": "credit", "amount": 5, "reason": "sorry", "expires_at": "9999-12-31T23:59:59-14:00"}
    answer = await till.post(f"/members/{ana}/entries", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "expires_at")
    assert (await till.get(f"/members/{ana}/balances")).status_code == 200


async def test_no_points_to_redeem_is_the_same_as_none_said(till: httpx.AsyncClient, ana: UUID) -> None:
    first = await till.post("/purchases", json=sold(ana))
    again = await till.post("/purchases", json={**sold(ana), "redeem": {"points": 0}})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
