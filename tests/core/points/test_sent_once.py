"""A form that is sent again, by a reload or from a page that was gone back to, moves nothing a second time."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from signed_in import TOKEN, owner

from tessera.kernel.database import execute, fetchval
from tessera.members.service import NewMember, create_member

__all__ = ["owner"]

pytestmark = pytest.mark.usefixtures("system")

ONCE = re.compile(r'name="_once" value="([^"]+)"')


@pytest.fixture
async def ana(store: UUID) -> UUID:
    return await create_member(NewMember(name="Ana", store=store))


async def drawn(client: httpx.AsyncClient, page: str, **values: str) -> dict[str, str]:
    """What the form of a page sends."""
    html = (await client.get(page)).text
    token, once = TOKEN.search(html), ONCE.search(html)
    assert token
    assert once
    return {"_csrf": token[1], "_once": once[1], **values}


async def entries() -> Any:
    return await fetchval("SELECT count(*) FROM entry")


async def test_points_by_hand_are_booked_once(owner, ana):
    page = f"/members/{ana}/points"
    form = await drawn(owner, page, unit="points", kind="credit", amount="100", reason="gift")
    assert (await owner.post(page, data=form)).status_code == 303
    again = await owner.post(page, data=form)
    assert again.status_code == 409
    assert "This was sent already, and it is done." in again.text
    assert await entries() == 1


async def test_of_two_at_the_same_time_one_is_done(owner, ana):
    page = f"/members/{ana}/points"
    form = await drawn(owner, page, unit="points", kind="credit", amount="100", reason="gift")
    answers = await asyncio.gather(*[owner.post(page, data=form) for _tap in range(6)])
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409, 409]
    assert await entries() == 1


async def test_what_was_refused_can_be_corrected_on_the_same_page(owner, ana):
    page = f"/members/{ana}/points"
    form = await drawn(owner, page, unit="points", kind="debit", amount="100", reason="gift")
    assert (await owner.post(page, data=form)).status_code == 409
    assert (await owner.post(page, data={**form, "kind": "credit"})).status_code == 303
    assert await entries() == 1


async def test_the_page_that_says_so_can_be_sent_on_purpose(owner, ana):
    page = f"/members/{ana}/points"
    form = await drawn(owner, page, unit="points", kind="credit", amount="100", reason="gift")
    await owner.post(page, data=form)
    shown = ONCE.search((await owner.post(page, data=form)).text)
    assert shown
    assert (await owner.post(page, data={**form, "_once": shown[1]})).status_code == 303
    assert await entries() == 2


async def test_keys_of_forms_are_forgotten_in_a_day(owner, ana):
    page = f"/members/{ana}/points"
    form = await drawn(owner, page, unit="points", kind="credit", amount="100", reason="gift")
    await owner.post(page, data=form)
    await execute("UPDATE idempotency SET expires_at = '2000-01-01'")
    assert (await owner.post(page, data=form)).status_code == 303
