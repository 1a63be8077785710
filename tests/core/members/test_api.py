"""Members as JSON, as a till or a shop sees them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from tessera.access import service as access
from tessera.app import make_app
from tessera.kernel.business import setting
from tessera.kernel.plugins import PluginHost
from tessera.members import service
from tessera.members.service import NewMember

ALL = ("members.read", "members.write", "members.reveal")


@pytest.fixture(scope="module")
def app(plugin_host: PluginHost):
    return make_app(plugin_host)


@pytest.fixture
async def key(app, store: UUID) -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """Makes a client with an API key."""
    opened: list[httpx.AsyncClient] = []

    async def make(*permissions: str, store_code: str = "") -> httpx.AsyncClient:
        where = access.store_by_code(store_code).id if store_code else None
        secret = await access.add_key("till", permissions or ALL, store=where)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://test/api/v1",
            headers={"Authorization": f"Bearer {secret}"},
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


async def test_a_member_is_made_and_answered_whole(key):
    till = await key()
    body = {
        "name": "王小伟",
        "phone": "138 0013 8000",
        "birthday": "--02-29",
        "gender": "male",
        "store": "main",
        "joined_at": "2026-01-31T23:30:00-08:00",
        "identities": [{"kind": "card", "value": "C001"}],
    }
    made = await till.post("/members", json=body)
    assert made.status_code == 201, made.text
    answer = made.json()
    assert {name: answer[name] for name in ("name", "phone", "birthday", "gender", "store", "stage", "version")} == {
        "name": "王小伟",
        "phone": "+8613800138000",
        "birthday": "--02-29",
        "gender": "male",
        "store": "main",
        "stage": "new",
        "version": 1,
    }
    assert answer["joined_at"] == "2026-02-01"
    assert set(answer) >= {"id", "number", "tier", "tags", "custom", "profiles", "balances", "last_purchase_at"}


async def test_without_the_right_to_reveal_values_are_masked(key):
    till = await key("members.read", "members.write")
    made = (await till.post("/members", json={"name": "Ana", "phone": "13800138000", "email": "ana@x.org"})).json()
    assert (made["phone"], made["email"]) == ("138****8000", "a***@x.org")


async def test_a_taken_phone_is_a_conflict_with_its_holder(key):
    till = await key()
    first = (await till.post("/members", json={"name": "Ana", "phone": "13800138000"})).json()
    second = await till.post("/members", json={"name": "Ben", "phone": "13800138000"})
    assert (second.status_code, second.json()["code"], second.json()["member"]) == (409, "identity_taken", first["id"])


async def test_a_taken_phone_of_another_store_says_nothing_of_its_holder(key):
    await access.add_store("xh", name="Xuhui")
    await service.create_member(NewMember(name="Ana", phone="13800138000", store=access.store_by_code("main").id))
    till = await key("members.read", "members.write", store_code="xh")
    second = await till.post("/members", json={"name": "Ben", "phone": "13800138000"})
    assert (second.status_code, second.json().get("member")) == (409, None)
    assert "Ana" not in second.text


async def test_wrong_values_are_named_by_field(key):
    answer = await (await key()).post("/members", json={"name": "Ana", "phone": "12", "store": "none"})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["store"]
    answer = await (await key()).post("/members", json={"name": "Ana", "phone": "12", "birthday": "2021-02-30"})
    assert [e["field"] for e in answer.json()["errors"]] == ["phone", "birthday"]


async def test_a_change_takes_the_version_that_was_seen(key):
    till = await key()
    made = (await till.post("/members", json={"name": "Ana", "gender": "female"})).json()
    changed = await till.patch(f"/members/{made['id']}", json={"version": 1, "name": "Ana López", "gender": None})
    assert (changed.status_code, changed.json()["name"], changed.json()["gender"]) == (200, "Ana López", None)
    stale = await till.patch(f"/members/{made['id']}", json={"version": 1, "name": "Eve"})
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "stale_version", 2)


async def test_a_masked_value_coming_back_is_refused(key):
    till = await key("members.read", "members.write")
    made = (await till.post("/members", json={"name": "Ana", "phone": "13800138000"})).json()
    answer = await till.patch(f"/members/{made['id']}", json={"version": 1, "phone": made["phone"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "masked_value")


async def test_the_list_goes_on_where_it_ended(key):
    till = await key()
    for n in range(5):
        await till.post("/members", json={"name": f"Ana {n}"})
    first = (await till.get("/members", params={"limit": 3})).json()
    second = (await till.get("/members", params={"limit": 3, "cursor": first["next"]})).json()
    assert [m["name"] for m in first["items"]] == ["Ana 4", "Ana 3", "Ana 2"]
    assert [m["name"] for m in second["items"]] == ["Ana 1", "Ana 0"]
    assert second["next"] is None


async def test_the_list_finds_by_name_and_narrows_to_a_store(key):
    xuhui = await access.add_store("xh", name="Xuhui")
    await service.create_member(NewMember(name="王小伟", store=xuhui.id))
    await service.create_member(NewMember(name="王芳", store=access.store_by_code("main").id))
    till = await key()
    found = await till.get("/members", params={"q": "wang", "store": "xh"})
    assert [m["name"] for m in found.json()["items"]] == ["王小伟"]
    hidden = await (await key("members.read", store_code="main")).get("/members", params={"q": "wang"})
    assert [m["name"] for m in hidden.json()["items"]] == ["王芳"]


async def test_a_member_outside_ones_stores_does_not_exist(key):
    await access.add_store("xh", name="Xuhui")
    ana = await service.create_member(NewMember(name="Ana", store=access.store_by_code("main").id))
    other = await key("members.read", "members.write", store_code="xh")
    answer = await other.patch(f"/members/{ana}", json={"version": 1, "name": "Eve"})
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")


@pytest.mark.parametrize(
    ("path", "status"), [("/members?cursor=x", 422), ("/members?limit=201", 422), ("/members?stage=best", 422)]
)
async def test_what_cannot_be_asked_is_said(key, path, status):
    assert (await (await key()).get(path)).status_code == status


async def test_a_consent_is_put_and_answered(key):
    till = await key()
    made = (await till.post("/members", json={"name": "Ana"})).json()
    answer = await till.put(
        f"/members/{made['id']}/consents/marketing/email", json={"state": "granted", "wording": "Offers", "by": "Eva"}
    )
    assert answer.status_code == 200
    assert {n: answer.json()[n] for n in ("state", "source", "wording", "by")} == {
        "state": "granted",
        "source": "api",
        "wording": "Offers",
        "by": "Eva",
    }
    wrong = await till.put(f"/members/{made['id']}/consents/marketing/pigeon", json={"state": "granted"})
    assert wrong.status_code == 422


async def test_reading_alone_does_not_write(key):
    reader = await key("members.read")
    assert (await reader.post("/members", json={"name": "Ana"})).status_code == 403


@pytest.mark.parametrize("field", ["source", "wording", "by"])
@pytest.mark.parametrize("words", ["a\x00b", "x" * 5000])
async def test_words_of_a_consent_that_cannot_be_kept_are_refused_by_field(key, field, words):
    till = await key()
    made = (await till.post("/members", json={"name": "Ana"})).json()
    said = {"state": "granted", field: words}
    answer = await till.put(f"/members/{made['id']}/consents/marketing/email", json=said)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_the_name_of_a_system_is_remembered_only_with_a_member(key):
    till = await key()
    wrong = {"name": "Ana", "identities": [{"kind": "external", "value": "a\x00b:1"}]}
    assert (await till.post("/members", json=wrong)).status_code == 201
    taken = {"name": "Ben", "phone": "13800138000", "identities": [{"kind": "external", "value": "shop:1"}]}
    await till.post("/members", json={"name": "Cleo", "phone": "13800138000"})
    assert (await till.post("/members", json=taken)).status_code == 409
    assert setting("members.sources") == ["ab"]
