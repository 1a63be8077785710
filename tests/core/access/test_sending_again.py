"""Requests with an ``Idempotency-Key``: whose answer is given again to whom, and what half a request does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from tessera.access.service import api_keys
from tessera.kernel.database import execute, fetchval

ALL = ("members.read", "members.write", "members.reveal")
ANA = {"name": "Ana", "phone": "13800138000", "store": "main"}


async def make_ana(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/members", json=ANA, headers={"Idempotency-Key": "k1"})


async def allow(*permissions: str) -> None:
    """Give every key these permissions, from now on."""
    await execute("UPDATE api_key SET permissions = $1::jsonb", msgspec.json.encode(permissions).decode())
    api_keys._known.clear()


async def test_a_key_whose_rights_shrank_is_not_given_the_old_answer(api_client):
    async with await api_client(*ALL) as client:
        first = await make_ana(client)
        assert first.json()["phone"] == "+8613800138000"
        await allow("members.read", "members.write")
        again = await make_ana(client)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_conflict")
    assert again.json()["detail"].startswith("this request was answered already, but your rights have changed since")
    assert "13800138000" not in again.text
    assert await fetchval("SELECT count(*) FROM member") == 1


async def test_a_key_that_lost_a_right_and_got_it_back_is_given_its_answer_again(api_client):
    async with await api_client(*ALL) as client:
        first = await make_ana(client)
        await allow("members.read")
        assert (await make_ana(client)).status_code == 409
        await allow(*reversed(ALL))
        again = await make_ana(client)
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_a_key_that_was_moved_to_a_store_is_not_given_the_old_answer(api_client, store):
    async with await api_client(*ALL) as client:
        await make_ana(client)
        await execute("UPDATE api_key SET store = $1, stores = ARRAY[$1::uuid]", store)
        api_keys._known.clear()
        assert (await make_ana(client)).status_code == 409


def parts(*messages: dict[str, Any]) -> Any:
    """A ``receive`` that gives these messages."""
    left: Iterator[dict[str, Any]] = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    return receive


@pytest.mark.parametrize("sent", [b'{"name": "Ana"}', b""])
async def test_a_request_that_breaks_off_does_nothing_and_leaves_its_key_free(app, api_client, sent):
    async with await api_client(*ALL) as client:
        request = client.build_request("POST", "/members", json=ANA, headers={"Idempotency-Key": "k1"})
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
        }
        half = {"type": "http.request", "body": sent, "more_body": True}
        await app(scope, parts(half, {"type": "http.disconnect"}), send)
        assert said == []
        assert await fetchval("SELECT count(*) FROM member") == 0
        assert (await make_ana(client)).status_code == 201
