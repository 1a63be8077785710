"""The ledger as programs and people meet it: balances and entries of every unit, taken back and explained."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from signed_in import owner, send  # noqa: F401 - a fixture

from tessera.kernel import clock
from tessera.kernel.business import setting
from tessera.kernel.database import fetchval
from tessera.kernel.plugins.state import enable
from tessera.members.service import account_of
from tessera.plugin import ledger
from tessera.points import service
from tessera.points.service.explaining import _explainers, register
from tessera.points.units import points_expiry
from tessera_hooks import Award, Expiry, Text

Client = httpx.AsyncClient


@pytest.fixture
async def zoe(member: Callable[..., Awaitable[UUID]]) -> UUID:
    await enable("dummy")
    return await member("Zoe")


async def post(api: Client, path: str, **body: Any) -> httpx.Response:
    return await api.post(path, json=body)


async def credit(api: Client, who: UUID, amount: int = 100, **more: Any) -> dict[str, Any]:
    answer = await post(api, f"/members/{who}/entries", kind="credit", amount=amount, reason="gift", **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_any_unit_that_is_booked_by_hand_is_credited_and_shown(api: Client, zoe: UUID) -> None:
    entry = await credit(api, zoe, 25, unit="dummy.claps")
    held = (await api.get(f"/members/{zoe}/balances")).json()
    assert entry["unit"] == "dummy.claps"
    assert entry["expires_at"] is not None
    assert (held["dummy.claps"]["available"], held["points"]["available"]) == (25, 0)


async def test_points_given_by_hand_never_expire_unless_they_say_so(api: Client, zoe: UUID) -> None:
    assert (await credit(api, zoe))["expires_at"] is None
    assert (await credit(api, zoe, expires_at="2099-01-01T00:00:00Z"))["expires_at"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("dummy.clap", 'did you mean "dummy.claps"?'),
        ("dummy.purse.CNY", "not booked by hand"),
        ("dummy.purse.XQX", "there is no unit"),
    ],
)
async def test_other_units_are_refused_with_what_to_do(api: Client, zoe: UUID, unit: str, said: str) -> None:
    answer = await post(api, f"/members/{zoe}/entries", kind="credit", amount=1, reason="x", unit=unit)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "unit")
    assert said in answer.json()["detail"]


async def test_a_debit_below_what_is_available_says_how_much_there_is(api: Client, zoe: UUID) -> None:
    await credit(api, zoe, 30)
    answer = await post(api, f"/members/{zoe}/entries", kind="debit", amount=31, reason="x")
    assert (answer.status_code, answer.json()["code"], answer.json()["available"]) == (409, "insufficient_balance", 30)


async def test_only_who_may_correct_goes_below_zero_where_a_unit_allows_it(
    api: Client, api_client: Callable[..., Awaitable[Client]], zoe: UUID
) -> None:
    body = {"kind": "debit", "amount": 5, "reason": "x", "unit": "dummy.claps"}
    async with await api_client("points.write") as desk:
        assert (await desk.post(f"/members/{zoe}/entries", json=body)).status_code == 409
    assert (await api.post(f"/members/{zoe}/entries", json=body)).status_code == 201


async def test_an_entry_is_taken_back_once(api: Client, zoe: UUID) -> None:
    entry = await credit(api, zoe)
    answer = await post(api, f"/entries/{entry['id']}/reverse", reason="typed twice")
    back = answer.json()
    assert (answer.status_code, back["amount"], back["balance"], back["reverses"]) == (201, -100, 0, entry["id"])
    again = await post(api, f"/entries/{entry['id']}/reverse", reason="typed twice")
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")


async def test_a_debit_that_is_taken_back_is_there_again(api: Client, zoe: UUID) -> None:
    await credit(api, zoe)
    spent = await post(api, f"/members/{zoe}/entries", kind="debit", amount=70, reason="a towel")
    await post(api, f"/entries/{spent.json()['id']}/reverse", reason="no towel left")
    assert (await api.get(f"/members/{zoe}/balances")).json()["points"]["available"] == 100


async def test_taking_back_needs_the_right_to_correct(
    api: Client, api_client: Callable[..., Awaitable[Client]], zoe: UUID
) -> None:
    entry = await credit(api, zoe)
    async with await api_client("points.write", "points.read") as desk:
        assert (await post(desk, f"/entries/{entry['id']}/reverse", reason="x")).status_code == 403


async def test_what_a_purchase_earned_is_taken_back_by_a_return(api: Client, zoe: UUID) -> None:
    bought = {"external_id": "R-1", "source": "till", "member": {"id": str(zoe)}, "amount": 5000}
    await api.post("/purchases", json=bought)
    entry = await fetchval("SELECT id FROM entry")
    answer = await post(api, f"/entries/{entry}/reverse", reason="x")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_reversible")
    assert "record a return" in answer.json()["detail"]


async def test_an_entry_says_what_became_of_what_it_brought(api: Client, zoe: UUID) -> None:
    entry = await credit(api, zoe)
    spent = (await post(api, f"/members/{zoe}/entries", kind="debit", amount=30, reason="a towel")).json()
    told = (await api.get(f"/entries/{entry['id']}/explanation")).json()
    assert set(told) == {"text", "rule", "source", "lots", "consumed_by"}
    assert told["text"]["en"].endswith("70 of it are left and never expire")
    assert (told["rule"], told["source"], told["lots"][0]["remaining"]) == (None, "manual", 70)
    assert [(one["entry"], one["kind"], one["amount"]) for one in told["consumed_by"]] == [(spent["id"], "debit", 30)]


async def test_a_debit_says_what_it_was_taken_from(api: Client, zoe: UUID) -> None:
    entry = await credit(api, zoe)
    spent = (await post(api, f"/members/{zoe}/entries", kind="debit", amount=30, reason="a towel")).json()
    told = (await api.get(f"/entries/{spent['id']}/explanation")).json()
    assert [(lot["entry"], lot["amount"]) for lot in told["lots"]] == [(entry["id"], 30)]
    assert "30 come from the credit of" in told["text"]["en"]


async def test_what_was_earned_names_its_rule_and_version(api: Client, zoe: UUID) -> None:
    bought = {"external_id": "R-1", "source": "till", "member": {"id": str(zoe)}, "amount": 5000}
    await api.post("/purchases", json=bought)
    told = (await api.get(f"/entries/{await fetchval('SELECT id FROM entry')}/explanation")).json()
    assert (told["rule"]["code"], told["rule"]["version"]) == ("points.per_amount", 1)
    assert set(told["text"]) == {"en", "zh_Hans"}


async def test_an_entry_that_is_not_there_is_not_found(api: Client, zoe: UUID) -> None:
    assert (await api.get(f"/entries/{zoe}/explanation")).status_code == 404
    assert (await post(api, f"/entries/{zoe}/reverse", reason="x")).status_code == 404


async def test_a_plugin_explains_its_own_entries(zoe: UUID) -> None:
    register("dummy.show", lambda entry: Text("For {n} claps", n=entry.amount))
    await ledger.credit(zoe, "dummy.claps", 3, reason="applause", source="dummy.show.matinee")
    (entry,) = await service.entries(zoe)
    told = service.explain(entry)
    del _explainers["dummy.show"]
    assert told == "For 3 claps"


async def test_the_page_shows_every_unit_in_a_tab_and_why_each_entry_is_there(owner: Client, zoe: UUID) -> None:  # noqa: F811
    account = await account_of(zoe)
    await service.earn(service.Earning(account, Award(zoe, None, None, "purchase", clock.now(), "CNY", 12000)))
    await ledger.credit(zoe, "dummy.claps", 25, reason="applause", source="dummy.show")
    page = (await owner.get(f"/members/{zoe}/points")).text
    other = (await owner.get(f"/members/{zoe}/points?unit=dummy.claps")).text
    assert "120 of it are left until" in page
    assert f"/members/{zoe}/points?unit=dummy.claps" in page
    assert "2.5 of it are left until" in other


async def test_points_are_booked_by_hand_on_the_page(owner: Client, zoe: UUID) -> None:  # noqa: F811
    here = f"/members/{zoe}/points"
    await send(owner, here, here, unit="dummy.claps", kind="credit", amount="2.5", reason="loud", until="")
    assert await ledger.available(zoe, "dummy.claps") == 25
    refused = await send(owner, here, here, unit="dummy.claps", kind="credit", amount="2.55", reason="loud", until="")
    assert "at most 1 decimals" in refused.text


async def test_an_entry_is_taken_back_on_its_page(owner: Client, zoe: UUID) -> None:  # noqa: F811
    entry = await service.credit(await account_of(zoe), zoe, 10, reason="gift")
    here = f"/entries/{entry.id}"
    await send(owner, here, f"{here}/reverse", reason="typed twice")
    assert (await service.balances(zoe))["points"].balance == 0
    assert "10 of it have been taken back" in (await owner.get(here)).text


async def test_how_long_points_last_is_chosen_on_a_page(owner: Client, zoe: UUID) -> None:  # noqa: F811
    here = "/settings/points"
    await send(owner, here, here, kind="inactivity", n="180", day="", restored="14")
    assert (points_expiry(), setting("points.restore_expired_days")) == (Expiry("inactivity", 180), 14)
    await send(owner, here, here, kind="month_end", n="12", day="", restored="14")
    assert points_expiry() == Expiry("month_end", 12)


@pytest.mark.parametrize(
    ("kind", "n", "day", "said"),
    [
        ("days", "0", "", "a whole number from 1 to"),
        ("months", "x", "", "a whole number from 1 to"),
        ("on", "", "2020-01-01", "a day that is not over"),
        ("on", "", "soon", "a day that is not over"),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(
    owner: Client,  # noqa: F811
    zoe: UUID,
    kind: str,
    n: str,
    day: str,
    said: str,
) -> None:
    here = "/settings/points"
    refused = await send(owner, here, here, kind=kind, n=n, day=day, restored="0")
    assert said in refused.text
    assert points_expiry() == Expiry("month_end", 24)
