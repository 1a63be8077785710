"""Whatever is sent to the API, it answers as its description says and never with an accident."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tessera.access.actor import system_actor
from tessera.members import service as members
from tessera.members.service import NewMember
from tessera.web.schema import described

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

EXAMPLES = int(os.environ.get("TESSERA_OPENAPI_EXAMPLES", "5"))
"""Requests for each operation and mode; the nights ask for more."""

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

SENSIBLE: dict[str, Any] = {
    "store": "main", "name": "Ben", "phone": "13800138001", "email": "ben@example.com", "identity": "phone:13800138000",
    "kind": "card", "value": "C001", "version": 1, "stage": "active", "state": "refused", "unit": "points",
    "source": "till-3", "currency": "CNY", "amount": 525, "add": ["VIP"], "remove": [], "language": "en",
    "timezone": "Asia/Shanghai", "birthday": "1990-02-28", "joined_at": "2026-01-31", "gender": "female",
}  # fmt: skip
"""Values that lead on behind the first check, for every second request that fits its description."""

SKIPPED = frozenset({"content-length", "content-type", "host", "authorization", "cookie"})


@pytest.fixture
async def seeded(store: UUID) -> UUID:
    """A member with a phone, so that some ids lead somewhere."""
    with system_actor():
        return await members.create_member(NewMember(name="Ana", phone="13800138000", store=store))


@pytest.fixture
async def client(api_client: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    async with await api_client() as opened:
        yield opened


class Asker:
    """Sends the cases of a test that runs in a thread into the loop in which the application lives."""

    def __init__(self, client: httpx.AsyncClient, known: dict[str, str]) -> None:
        self.client = client
        self.known = known
        self.loop = asyncio.get_running_loop()
        self.wrong: dict[str, str] = {}

    def check(self, operation: APIOperation[Any, Any, Any], mode: GenerationMode) -> None:
        """Try one operation with what fits its description or with what does not; note the first thing wrong."""

        @SETTINGS
        @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
        def sent(case: Case, is_known: bool) -> None:
            if is_known:
                self._make_sensible(case, body=mode is GenerationMode.POSITIVE)
            case.validate_response(self._send(case), checks=CHECKS)

        try:
            sent()
        except BaseException as problem:  # noqa: BLE001 - all operations are told, not the first alone
            self.wrong[f"{operation.label} ({mode.value})"] = _told(problem)

    def _make_sensible(self, case: Case, *, body: bool) -> None:
        """Put ids that exist into the path, and into the body values that mean something."""
        ids = {name: self.known[name] for name in (case.path_parameters or {}) if name in self.known}
        case.path_parameters = {**(case.path_parameters or {}), **ids}
        if body and isinstance(case.body, dict):
            known = {**SENSIBLE, "member": self.known["member_id"], "members": [self.known["member_id"]]}
            case.body = {name: known.get(name, value) for name, value in case.body.items()}

    def _send(self, case: Case) -> httpx.Response:
        request = asyncio.run_coroutine_threadsafe(self._request(case), self.loop)
        return request.result(timeout=30)

    async def _request(self, case: Case) -> httpx.Response:
        asked = case.as_transport_kwargs(base_url="http://test")
        headers = {k: v for k, v in (asked.get("headers") or {}).items() if k.lower() not in SKIPPED}
        content = {"json": asked["json"]} if "json" in asked else {"content": _bytes(asked.get("data"))}
        if "json" not in asked and case.media_type:
            headers["content-type"] = case.media_type
        return await self.client.request(
            asked["method"], asked["url"], params=asked.get("params"), headers=_sendable(headers), **content
        )


def _bytes(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data
    return b"" if data is None else json.dumps(data, default=str).encode()


def _sendable(headers: dict[str, Any]) -> dict[str, str]:
    return {name: quote(str(value), safe=" -:/,;=") for name, value in headers.items() if name.isascii()}


def _told(problem: BaseException) -> str:
    parts = getattr(problem, "exceptions", [problem])
    return " | ".join(f"{type(part).__name__}: {part}"[:1500] for part in parts)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
async def test_no_request_brings_an_accident_or_an_answer_outside_the_description(
    app: Litestar, client: httpx.AsyncClient, seeded: UUID, mode: GenerationMode
):
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(described(app), default=str)))
    asker = Asker(client, {"member_id": str(seeded)})
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 30

    def all_of_them() -> None:
        for operation in operations:
            asker.check(operation, mode)

    await asyncio.to_thread(all_of_them)
    assert asker.wrong == {}


JSON = "application/json"

HOSTILE: dict[str, tuple[str, bytes]] = {
    "a zero character": (JSON, b'{"name": "a\\u0000b", "reason": "\\u0000", "q": "\\u0000", "code": "\\u0000"}'),
    "a number of forty digits": (JSON, b'{"amount": 1234567890123456789012345678901234567890, "version": 1e400}'),
    "half a character": (JSON, b'{"name": "\\ud800", "note": "\\udfff", "reason": "\\ud800"}'),
    "no UTF-8": (JSON, b'{"name": "\xff\xfe"}'),
    "a hundred thousand brackets": (JSON, b"[" * 100_000 + b"]" * 100_000),
    "objects in objects": (JSON, b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "a list where an object belongs": (JSON, b"[1, 2]"),
    "nothing": (JSON, b""),
    "half of it": (JSON, b'{"name": "An'),
    "another kind of content": ("text/plain", b"name=Ana"),
    "a form": ("application/x-www-form-urlencoded", b"name=Ana"),
    "no kind of content at all": ("nonsense", b'{"name": "Ana"}'),
    "a kind with zeros": ("application/json; charset=\x00".replace("\x00", "%00"), b'{"name": "Ana"}'),
}


@pytest.mark.parametrize("content", HOSTILE)
async def test_what_is_no_request_is_refused_by_every_operation(
    app: Litestar, client: httpx.AsyncClient, seeded: UUID, content: str
):
    media_type, body = HOSTILE[content]
    wrong = []
    for path, item in described(app)["paths"].items():
        for method in {"post", "put", "patch", "delete"} & set(item):
            url = re.sub(r"\{\w+\}", "x", re.sub(r"\{\w*id\}", str(seeded), path))
            answer = await client.request(
                method, f"http://test{url}", content=body, headers={"content-type": media_type}
            )
            told = answer.headers.get("content-type")
            if answer.status_code >= 500 or (answer.status_code >= 400 and told != "application/problem+json"):
                wrong.append(f"{method} {path}: {answer.status_code} {told}")
    assert wrong == []


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ff%fe", "limit=99999999999999999999999", "cursor=%00", "q=" + "a" * 5000]
)
async def test_a_query_of_nonsense_is_answered_by_every_list(app: Litestar, client: httpx.AsyncClient, query: str):
    wrong = []
    for path, item in described(app)["paths"].items():
        if "get" in item and "{" not in path:
            answer = await client.get(f"http://test{path}?{query}")
            if answer.status_code >= 500:
                wrong.append(f"{path}: {answer.status_code}")
    assert wrong == []
