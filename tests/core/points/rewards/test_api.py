"""Rewards and redemptions as JSON: what tills and shops get, and what they are refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from core.points.rewards.catalogue import a_reward

from tessera.access import service as access
from tessera.kernel.ids import uuid7
from tessera.members import service as members
from tessera.points import service as points
from tessera.points.rewards import service

MUG = {"title": {"en": "Mug", "zh_Hans": "马克杯"}, "points": 80}


@pytest.fixture
async def zoe(member: Callable[..., Awaitable[UUID]]) -> UUID:
    """A member with a hundred points, and a mug in the catalogue."""
    who = await member("Zoe")
    await points.credit(await members.account_of(who), who, 100, reason="gift")
    await service.make_reward(a_reward("mug", 80, stock=3))
    return who


async def redeem(api: httpx.AsyncClient, who: UUID, reward: str = "mug", **more: Any) -> httpx.Response:
    return await api.post(f"/members/{who}/redemptions", json={"reward": reward}, **more)


async def test_the_catalogue_says_what_each_reward_costs(api: httpx.AsyncClient, zoe: UUID) -> None:
    answer = (await api.get("/rewards")).json()
    assert answer["next"] is None
    assert answer["items"] == [
        {
            "code": "mug",
            "title": "Mug",
            "description": "",
            "kind": "goods",
            "points": 80,
            "tiers": {},
            "stock": 3,
            "limit_per_member": None,
            "limit_period": None,
            "stores": [],
            "from": None,
            "until": None,
            "enabled": True,
            "version": 1,
            "detail": {},
        }
    ]


async def test_for_a_member_it_says_the_price_and_what_stands_against_it(api: httpx.AsyncClient, zoe: UUID) -> None:
    await service.make_reward(a_reward("yacht", 9000))
    found = (await api.get("/rewards", params={"member": str(zoe)})).json()["items"]
    assert [(one["code"], one["price"], one["affordable"], one["reason"]) for one in found] == [
        ("mug", 80, True, None),
        ("yacht", 9000, False, "insufficient_balance"),
    ]


async def test_the_catalogue_comes_in_pages(api: httpx.AsyncClient, zoe: UUID) -> None:
    await service.make_reward(a_reward("pen", 10))
    first = (await api.get("/rewards", params={"limit": 1})).json()
    second = (await api.get("/rewards", params={"limit": 1, "cursor": first["next"]})).json()
    assert [one["items"][0]["code"] for one in (first, second)] == ["mug", "pen"]
    assert second["next"] is None


async def test_redeeming_answers_the_code_and_what_is_left(api: httpx.AsyncClient, zoe: UUID) -> None:
    answer = await redeem(api, zoe)
    done = answer.json()
    assert answer.status_code == 201
    assert (done["reward"], done["points"], done["available"], done["given"]) == ("mug", 80, 20, None)
    assert len(done["code"]) == 8


async def test_less_than_it_costs_says_what_there_is(api: httpx.AsyncClient, zoe: UUID) -> None:
    await redeem(api, zoe)
    answer = await redeem(api, zoe)
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (409, "insufficient_balance", 20)


@pytest.mark.parametrize(
    ("more", "code"),
    [({"stock": 0}, "reward_out_of_stock"), ({"member_limit": 1}, "reward_limit_reached")],
)
async def test_what_cannot_be_had_says_why(api: httpx.AsyncClient, zoe: UUID, more: dict[str, Any], code: str) -> None:
    await service.make_reward(a_reward("pen", 1, **more))
    await redeem(api, zoe, "pen")
    answer = await redeem(api, zoe, "pen")
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_the_same_key_redeems_once(api: httpx.AsyncClient, zoe: UUID) -> None:
    key = {"Idempotency-Key": "abc"}
    first, second = await redeem(api, zoe, headers=key), await redeem(api, zoe, headers=key)
    assert first.json() == second.json()
    assert (await points.balances(zoe))["points"].available == 20


async def test_an_unknown_reward_is_not_found(api: httpx.AsyncClient, zoe: UUID) -> None:
    answer = await redeem(api, zoe, "nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "reward_unknown")


async def test_cancelling_gives_everything_back_once(api: httpx.AsyncClient, zoe: UUID) -> None:
    id_ = (await redeem(api, zoe)).json()["id"]
    first = await api.post(f"/redemptions/{id_}/cancel", json={"reason": "broken"})
    assert (first.status_code, first.json()["status"], first.json()["available"]) == (200, "cancelled", 100)
    second = await api.post(f"/redemptions/{id_}/cancel", json={"reason": "broken"})
    assert (second.status_code, second.json()["code"]) == (409, "already_cancelled")
    assert (await api.get("/rewards")).json()["items"][0]["stock"] == 3


async def test_handing_over_is_noted_once(api: httpx.AsyncClient, zoe: UUID) -> None:
    id_ = (await redeem(api, zoe)).json()["id"]
    assert (await api.post(f"/redemptions/{id_}/hand-over")).json()["status"] == "handed_over"
    assert (await api.post(f"/redemptions/{id_}/hand-over")).status_code == 409


async def test_what_a_member_redeemed_is_listed_without_the_codes(api: httpx.AsyncClient, zoe: UUID) -> None:
    done = (await redeem(api, zoe)).json()
    answer = await api.get(f"/members/{zoe}/redemptions")
    assert [one["status"] for one in answer.json()["items"]] == ["open"]
    assert done["code"] not in answer.text


async def test_a_redemption_of_a_member_of_another_store_is_not_there(
    api: httpx.AsyncClient, api_client: Callable[..., Awaitable[httpx.AsyncClient]], zoe: UUID
) -> None:
    id_ = (await redeem(api, zoe)).json()["id"]
    elsewhere = (await access.add_store("pd", "Pudong")).id
    async with await api_client("points.write", "points.read", where=elsewhere) as other:
        cancelled = await other.post(f"/redemptions/{id_}/cancel", json={"reason": "broken"})
        redeemed = await redeem(other, zoe)
    assert (cancelled.status_code, cancelled.json()["code"]) == (404, "redemption_unknown")
    assert redeemed.status_code == 404


async def test_a_reward_of_another_store_is_not_there_for_its_keys(
    api_client: Callable[..., Awaitable[httpx.AsyncClient]], zoe: UUID, store: UUID
) -> None:
    elsewhere = (await access.add_store("pd", "Pudong")).id
    await service.make_reward(a_reward("lamp", 10, stores=[elsewhere]))
    async with await api_client("points.write", "points.read", where=store) as here:
        assert [one["code"] for one in (await here.get("/rewards")).json()["items"]] == ["mug"]
        assert (await redeem(here, zoe, "lamp")).status_code == 404


async def test_reading_does_not_allow_redeeming(
    api_client: Callable[..., Awaitable[httpx.AsyncClient]], zoe: UUID
) -> None:
    async with await api_client("points.read") as reader:
        assert (await redeem(reader, zoe)).status_code == 403


async def test_a_program_keeps_the_catalogue(api: httpx.AsyncClient, zoe: UUID) -> None:
    made = await api.put("/rewards/cup", json={**MUG, "stock": 5, "tiers": {"gold": 60}, "limit_per_member": 2})
    assert (made.status_code, made.json()["version"], made.json()["tiers"]) == (200, 1, {"gold": 60})
    changed = await api.put("/rewards/cup", json={**MUG, "points": 90, "stock": 7, "version": 1})
    assert (changed.json()["version"], changed.json()["points"], changed.json()["stock"]) == (2, 90, 7)
    stale = await api.put("/rewards/cup", json={**MUG, "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    again = await api.put("/rewards/cup", json=MUG)
    assert (again.status_code, again.json()["code"]) == (409, "reward_taken")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"points": 0}, "points"),
        ({"title": {}}, "title"),
        ({"title": {"fr": "Tasse"}}, "title"),
        ({"kind": "good"}, "kind"),
        ({"kind": "dummy.badge", "choice": "green"}, "choice"),
        ({"kind": "cash_off"}, "amount"),
        ({"stock": -1}, "stock"),
        ({"tiers": {"gold": 0}}, "tiers"),
        ({"limit_per_member": 0}, "limit_per_member"),
        ({"stores": ["nowhere"]}, "stores"),
        ({"from": "2026-12-31T00:00:00"}, "from"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until"),
        ({"from": "2026-12-31T00:00:00+08:00", "until": "2026-12-30T00:00:00+08:00"}, "until"),
    ],
)
async def test_what_cannot_be_a_reward_names_the_field(
    api: httpx.AsyncClient, zoe: UUID, wrong: dict[str, Any], field: str
) -> None:
    answer = await api.put("/rewards/cup", json={**MUG, **wrong})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])


async def test_an_unknown_redemption_is_not_found(api: httpx.AsyncClient, zoe: UUID) -> None:
    answer = await api.post(f"/redemptions/{uuid7()}/cancel", json={"reason": "broken"})
    assert (answer.status_code, answer.json()["code"]) == (404, "redemption_unknown")
