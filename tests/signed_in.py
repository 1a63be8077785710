"""A browser in which the owner is signed in, and how a form is sent from it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from tessera.access import service as access

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest_asyncio.fixture(loop_scope="session")
async def owner(app: Any, store: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the owner is signed in."""
    made = await access.add_staff("olga", "Olga", "three quiet lanterns", role_code="owner")
    cookies = {"tessera_session": await access.open_session(made.id)}
    transport = httpx.ASGITransport(app)
    headers = {"Accept-Language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies, headers=headers) as one:
        yield one


async def send(client: httpx.AsyncClient, page: str, target: str = "", /, **values: str) -> httpx.Response:
    """Fill in the form of a page, and post it there or to ``target``."""
    token = TOKEN.search((await client.get(page)).text)
    assert token
    return await client.post(target or page, data={"_csrf": token.group(1), **values}, follow_redirects=True)
